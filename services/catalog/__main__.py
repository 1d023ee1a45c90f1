"""Run the catalog service: `python -m services.catalog`."""

from __future__ import annotations

from services.catalog.app import build
from services.catalog.settings import Settings
from shared.runtime.http_server import run

if __name__ == "__main__":
    run("catalog", build, Settings)
