"""Run scoring: `python -m services.scoring`."""

from __future__ import annotations

from services.scoring.app import build
from services.scoring.settings import Settings
from shared.runtime.settings import load
from shared.runtime.shell import run

if __name__ == "__main__":
    run("scoring", lambda: (build(settings := load(Settings)), settings))
