"""Run the scoring service: `python -m services.scoring`."""

from __future__ import annotations

from services.scoring.app import build
from services.scoring.settings import Settings
from shared.runtime.shell import run

if __name__ == "__main__":
    run("scoring", build, Settings)
