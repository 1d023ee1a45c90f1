"""`python -m services.alerting`: settings from the environment, then run."""

from __future__ import annotations

import shared.runtime.lean  # noqa: F401  # before what it keeps out

# isort: split
from typing import Any

from services.alerting.app import build
from services.alerting.settings import Settings
from shared.runtime.settings import load
from shared.runtime.shell import run


def _build() -> tuple[Any, Settings]:
    settings = load(Settings)
    return build(settings), settings


if __name__ == "__main__":
    run("alerting", _build)
