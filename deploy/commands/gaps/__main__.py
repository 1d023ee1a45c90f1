"""Run the command line: `python -m deploy.commands.gaps`."""

from __future__ import annotations

import sys

from deploy.commands.gaps.cli import main

if __name__ == "__main__":
    sys.exit(main())
