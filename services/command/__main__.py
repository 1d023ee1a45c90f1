"""Run the command service: `python -m services.command`."""

from __future__ import annotations

from services.command.app import build
from services.command.settings import Settings
from shared.runtime.http_server import run

if __name__ == "__main__":
    run("command", build, Settings)
