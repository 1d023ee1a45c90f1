"""`python -m services.console`: settings, then run."""

from services.console.app import build
from services.console.settings import Settings
from shared.runtime.settings import load
from shared.runtime.shell import run

if __name__ == "__main__":
    run("console", lambda: (build(settings := load(Settings)), settings))
