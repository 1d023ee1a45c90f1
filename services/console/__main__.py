"""`python -m services.console`: settings, then run."""

import shared.runtime.lean  # noqa: F401  # before what it keeps out

# isort: split
from services.console.app import build
from services.console.settings import Settings
from shared.runtime.settings import load
from shared.runtime.shell import run

if __name__ == "__main__":
    run("console", lambda: (build(settings := load(Settings)), settings))
