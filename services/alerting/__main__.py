"""Run the alerting service: `python -m services.alerting`."""

from __future__ import annotations

from services.alerting.app import build
from services.alerting.settings import Settings
from shared.runtime.http_server import run

if __name__ == "__main__":
    run("alerting", build, Settings)
