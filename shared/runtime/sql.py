"""Names of a closed set as SQL text: no statement spells a state itself."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


def names(states: Iterable[StrEnum]) -> str:
    """`('a', 'b')`: states of one kind for an IN, in the order of their declaration."""
    chosen = set(states)
    [kind] = {type(one) for one in chosen}
    return "(" + ", ".join(f"'{one}'" for one in kind if one in chosen) + ")"
