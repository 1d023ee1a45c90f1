"""Run the command line: `python -m deploy.commands.sources`."""

from __future__ import annotations

import sys

from deploy.commands.sources.cli import main

if __name__ == "__main__":
    sys.exit(main())
