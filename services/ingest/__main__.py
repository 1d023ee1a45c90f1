"""Run ingest: `python -m services.ingest`."""

from __future__ import annotations

import shared.runtime.lean  # noqa: F401  # before what it keeps out

# isort: split
from services.ingest.app import build
from services.ingest.settings import Settings
from shared.runtime.settings import load
from shared.runtime.shell import run

if __name__ == "__main__":
    run("ingest", lambda: (build(settings := load(Settings)), settings))
