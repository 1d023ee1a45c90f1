"""Run the scoring service: `python -m services.scoring`."""

from __future__ import annotations

from services.scoring.fastpath.modules import MODULES
from shared.fastpath.loader import install

if __name__ == "__main__":
    install(MODULES)  # before the imports below: a module that is loaded keeps its form

    from services.scoring.app import build
    from services.scoring.settings import Settings
    from shared.runtime.http_server import run

    run("scoring", build, Settings)
