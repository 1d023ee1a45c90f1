"""Cursors of lists: the position after an entry, as text.

Lists grow and change between two pages. A cursor therefore holds the ordering values of the entry,
and not a number of entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

PATTERN = r"^$|^(-?[0-9]{1,19}~){1,6}[A-Za-z0-9][A-Za-z0-9._:\-]{0,127}$"
"""The form of a cursor, as `next` has it; an empty cursor is the beginning."""
LONGEST = 256
_TOO_LARGE = 2**63


class ListPosition(NamedTuple):
    """The values by which an entry is ordered: whole numbers, the smallest first, then the id."""

    turn: Sequence[int]
    id: str


def cursor_of(place: ListPosition) -> str:
    """Return the cursor of the position after an entry."""
    return "~".join([*map(str, place.turn), place.id])


def place_of(cursor: str, numbers: int) -> ListPosition | None:
    """Return the position of a cursor, or None for the beginning.

    Raises ValueError for a cursor of a list with another count of ordering numbers.
    """
    if not cursor:
        return None
    *turn, result = cursor.split("~")
    numbers_of = [int(name) for name in turn]
    if len(turn) != numbers or any(abs(number) >= _TOO_LARGE for number in numbers_of):
        raise ValueError(cursor)
    return ListPosition(numbers_of, result)
