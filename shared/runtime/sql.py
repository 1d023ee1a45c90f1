"""Names of a closed set as SQL text: no statement spells a state itself."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


def names(states: Iterable[StrEnum]) -> str:
    """Return states of one kind for an IN, `('a', 'b')`, in the order of their declaration."""
    members = set(states)
    [kind] = {type(state) for state in members}
    return "(" + ", ".join(f"'{state}'" for state in kind if state in members) + ")"
