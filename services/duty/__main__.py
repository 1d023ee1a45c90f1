"""Run the duty service: `python -m services.duty`."""

import shared.runtime.lean  # noqa: F401  # before what it keeps out

# isort: split
from services.duty.app import build
from services.duty.settings import Settings
from shared.runtime.settings import load
from shared.runtime.shell import run

if __name__ == "__main__":
    run("duty", lambda: (build(settings := load(Settings)), settings))
