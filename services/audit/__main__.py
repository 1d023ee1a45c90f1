"""Run the audit service: `python -m services.audit`."""

from __future__ import annotations

from services.audit.app import build
from services.audit.settings import Settings
from shared.runtime.http_server import run

if __name__ == "__main__":
    run("audit", build, Settings)
