"""Stores of a few states take as many turns as those of thousands do in life."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.scoring.unit_of_work import checkpoint_writer


@pytest.fixture(autouse=True, scope="module")
def _many_turns() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint_writer, "_SLICE", 1)
        yield
