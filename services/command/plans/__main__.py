"""Run the command line: `python -m services.command.plans`."""

from __future__ import annotations

import sys

from services.command.plans.cli import main

if __name__ == "__main__":
    sys.exit(main())
