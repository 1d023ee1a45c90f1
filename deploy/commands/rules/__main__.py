"""Run the command line: `python -m deploy.commands.rules`."""

from __future__ import annotations

import sys

from services.scoring.fastpath.modules import MODULES
from shared.fastpath.loader import install

if __name__ == "__main__":
    install(MODULES)  # before the import below: a module that is loaded keeps its form

    from deploy.commands.rules.cli import main

    sys.exit(main())
