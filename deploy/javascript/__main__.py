"""`python -m deploy.javascript install|check|format`: the checks of the console's scripts."""

from __future__ import annotations

import argparse
import sys

from deploy.javascript import tools

VERBS = {"install": tools.install, "check": tools.check_scripts, "format": tools.format_scripts}


def main() -> int:
    """Return the exit code: 0 without problems, 1 with problems or a failure, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m deploy.javascript", description=__doc__)
    parser.add_argument("verb", choices=VERBS)
    verb = VERBS[parser.parse_args().verb]
    try:
        return verb()
    except tools.ToolError as error:
        print(f"fenghuo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
