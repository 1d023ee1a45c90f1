"""Run the notify service: `python -m services.notify`."""

from __future__ import annotations

from services.notify.app import build
from services.notify.settings import Settings
from shared.runtime.http_server import run

if __name__ == "__main__":
    run("notify", build, Settings)
