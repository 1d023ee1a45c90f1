"""Run notify: python -m services.notify."""

from __future__ import annotations

import shared.runtime.lean  # noqa: F401  # before what it keeps out

# isort: split
from typing import Any

from services.notify.app import build
from services.notify.settings import Settings
from shared.runtime.settings import load
from shared.runtime.shell import run


def _built() -> tuple[Any, Settings]:
    settings = load(Settings)
    return build(settings), settings


if __name__ == "__main__":
    run("notify", _built)
