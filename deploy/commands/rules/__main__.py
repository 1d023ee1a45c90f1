"""Run the command line: `python -m deploy.commands.rules`."""

from __future__ import annotations

import sys

from deploy.commands.rules.cli import main

if __name__ == "__main__":
    sys.exit(main())
