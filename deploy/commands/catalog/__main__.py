"""Run the command line: `python -m deploy.commands.catalog`."""

from __future__ import annotations

import sys

from deploy.commands.catalog.cli import main

if __name__ == "__main__":
    sys.exit(main())
