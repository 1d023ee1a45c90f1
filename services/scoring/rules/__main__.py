"""Run the command line: `python -m services.scoring.rules`."""

from __future__ import annotations

import sys

from services.scoring.rules.cli import main

if __name__ == "__main__":
    sys.exit(main())
