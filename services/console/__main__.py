"""Run the console service: `python -m services.console`."""

from __future__ import annotations

from services.console.app import build
from services.console.settings import Settings
from shared.runtime.http_server import run

if __name__ == "__main__":
    run("console", build, Settings)
