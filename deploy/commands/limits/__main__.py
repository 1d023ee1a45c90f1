"""Run the command line: `python -m deploy.commands.limits`."""

from __future__ import annotations

import sys

from deploy.commands.limits.cli import main

if __name__ == "__main__":
    sys.exit(main())
