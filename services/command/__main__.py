"""Run the command service: `python -m services.command`."""

import shared.runtime.lean  # noqa: F401  # before what it keeps out

# isort: split
from services.command.app import build
from services.command.settings import Settings
from shared.runtime.settings import load
from shared.runtime.shell import run

if __name__ == "__main__":
    run("command", lambda: (build(settings := load(Settings)), settings))
