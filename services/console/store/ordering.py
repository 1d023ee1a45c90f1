"""The order of lists in SQL: an array of whole numbers (`turn`), smallest first, then the id.

Postgres compares arrays number by number, so the position after an entry is one comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from services.console.core.paging import ListPosition
from shared.contracts.alerts import AlertState
from shared.contracts.fields import LEVEL_ORDER, Status

_GRAVEST_FIRST = ", ".join(repr(str(level)) for level in reversed(LEVEL_ORDER))
_LAST = 2**62
"""A number larger than all others, for missing values."""


def gravest(level: str) -> str:
    """Return a number that is smaller for a graver level, and largest without a level."""
    return f"coalesce(array_position(ARRAY[{_GRAVEST_FIRST}], {level}), {_LAST})"


def micros(moment: str) -> str:
    """Return a moment in microseconds since 1970; the largest number without a moment."""
    return f"coalesce((extract(epoch FROM {moment}) * 1000000)::bigint, {_LAST})"


def urgency(status: str, alert_state: str, level: str, due: str) -> tuple[str, ...]:
    """Return the order of all that waits for a person.

    Real entries precede drills. Then come entries of a recalled alert, then the gravest, then those
    that are due first.
    """
    return (
        f"({status} <> '{Status.ACTUAL}')::int",
        f"({alert_state} IS DISTINCT FROM '{AlertState.RECALLED}')::int",
        gravest(level),
        micros(due),
    )


@dataclass(frozen=True)
class Order:
    """The order of one list: numbers, the smallest first, then the id."""

    numbers: Sequence[str]
    id: str

    @property
    def columns(self) -> str:
        """Columns that `position_of` reads, selected beside the others."""
        return f"ARRAY[{', '.join(self.numbers)}]::bigint[] AS turn, {self._id} AS turn_id"

    @property
    def by(self) -> str:
        """The expression for ORDER BY."""
        return "turn, turn_id"

    def is_after(self, turn: int, last: int) -> str:
        """Return the condition that a row lies after a position; a NULL position allows all
        rows.
        """
        numbers = f"ARRAY[{', '.join(self.numbers)}]::bigint[]"
        return f"(${turn}::bigint[] IS NULL OR ({numbers}, {self._id}) > (${turn}, ${last}::text))"

    @property
    def _id(self) -> str:
        return f'({self.id}) COLLATE "C"'


def position_parameters(after: ListPosition | None) -> tuple[list[int] | None, str | None]:
    """Return the two parameters of `is_after`."""
    return (None, None) if after is None else (list(after.turn), after.id)


def position_of(row: asyncpg.Record) -> ListPosition:
    """Return the position of a row in its list."""
    return ListPosition(row["turn"], row["turn_id"])
