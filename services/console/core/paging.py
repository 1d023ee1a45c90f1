"""Cursors: the place behind an entry of a list, as text. Lists grow and change between two pages of them,
so a cursor names what the entry was ordered by and not how many came before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

PATTERN = r"^$|^(-?[0-9]{1,19}~){1,6}[A-Za-z0-9][A-Za-z0-9._:\-]{0,127}$"
"""A cursor as `next` gives it; empty = the beginning."""
LONGEST = 256
_TOO_LARGE = 2**63


class ListPosition(NamedTuple):
    """What an entry is ordered by: whole numbers, the smallest first, then its id."""

    turn: Sequence[int]
    id: str


def cursor_of(place: ListPosition) -> str:
    """The cursor behind an entry."""
    return "~".join([*map(str, place.turn), place.id])


def place_of(cursor: str, numbers: int) -> ListPosition | None:
    """The place that a cursor names, None for the beginning; raises ValueError when it is none of a list
    that is ordered by so many numbers."""
    if not cursor:
        return None
    *turn, result = cursor.split("~")
    numbers_of = [int(name) for name in turn]
    if len(turn) != numbers or any(abs(number) >= _TOO_LARGE for number in numbers_of):
        raise ValueError(cursor)
    return ListPosition(numbers_of, result)
