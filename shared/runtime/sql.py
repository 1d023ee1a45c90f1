"""Names of a closed set as SQL text: no statement spells a state itself."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


def names(states: Iterable[StrEnum]) -> str:
    """`('a', 'b')`: states of one kind for an IN, in the order of their declaration."""
    chosen = set(states)
    [kind] = {type(str_enum) for str_enum in chosen}
    return "(" + ", ".join(f"'{str_enum}'" for str_enum in kind if str_enum in chosen) + ")"
