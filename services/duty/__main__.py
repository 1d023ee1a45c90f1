"""Run the duty service: `python -m services.duty`."""

from __future__ import annotations

from services.duty.app import build
from services.duty.settings import Settings
from shared.runtime.http_server import run

if __name__ == "__main__":
    run("duty", build, Settings)
