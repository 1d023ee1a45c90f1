"""Run the command line: `python -m deploy.commands.console`."""

from __future__ import annotations

import sys

from deploy.commands.console.main import main

if __name__ == "__main__":
    sys.exit(main())
