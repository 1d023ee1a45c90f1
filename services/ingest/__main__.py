"""Run the ingest service: `python -m services.ingest`."""

from __future__ import annotations

from services.ingest.app import build
from services.ingest.settings import Settings
from shared.runtime.http_server import run

if __name__ == "__main__":
    run("ingest", build, Settings)
