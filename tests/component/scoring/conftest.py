"""Stores of a few states take as many turns as those of thousands do in life."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.scoring import storing


@pytest.fixture(autouse=True, scope="module")
def _many_turns() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storing, "_SLICE", 1)
        yield
