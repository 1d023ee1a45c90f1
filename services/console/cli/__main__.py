"""Run the command line: `python -m services.console.cli`."""

from __future__ import annotations

import sys

from services.console.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
