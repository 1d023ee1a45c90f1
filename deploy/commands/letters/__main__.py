"""`python -m deploy.commands.letters`."""

from __future__ import annotations

import sys

from deploy.commands.letters.cli import main

if __name__ == "__main__":
    sys.exit(main())
