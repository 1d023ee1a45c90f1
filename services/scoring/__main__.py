"""Run scoring: `python -m services.scoring`."""

from __future__ import annotations

import shared.runtime.lean  # noqa: F401  # before what it keeps out

# isort: split
import gc

from services.scoring.app import build
from services.scoring.settings import Settings
from shared.runtime.settings import load
from shared.runtime.shell import run

if __name__ == "__main__":
    # Records come by the thousand and die young; looking for cycles every 700 of them finds none. Looking
    # through 50,000 held an alarm up for 8 ms.
    gc.set_threshold(10_000, 20, 50)
    run("scoring", lambda: (build(settings := load(Settings)), settings))
