"""Run the command line: `python -m deploy.commands.plans`."""

from __future__ import annotations

import sys

from deploy.commands.plans.cli import main

if __name__ == "__main__":
    sys.exit(main())
