"""The order of lists in SQL: one array of whole numbers (`turn`), the smallest first, then the id.

Postgres compares arrays number by number, so the place behind an entry is one comparison.
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
"""Behind every number that is known."""


def gravest(level: str) -> str:
    """A number that is smaller the graver a level is; without any it is the largest."""
    return f"coalesce(array_position(ARRAY[{_GRAVEST_FIRST}], {level}), {_LAST})"


def micros(moment: str) -> str:
    """A moment as a number; none is behind all."""
    return f"coalesce((extract(epoch FROM {moment}) * 1000000)::bigint, {_LAST})"


def urgency(status: str, alert_state: str, level: str, due: str) -> tuple[str, ...]:
    """The order of all that waits for somebody: real before drill, what belongs to a recalled alert
    first, then the gravest, then what is or falls due first."""
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
        """What `place` reads, to be selected beside the rest."""
        return f"ARRAY[{', '.join(self.numbers)}]::bigint[] AS turn, {self._id} AS turn_id"

    @property
    def by(self) -> str:
        """For ORDER BY."""
        return "turn, turn_id"

    def is_after(self, turn: int, last: int) -> str:
        """That a row lies behind the place given as parameters `turn` and `last`; NULL = all do."""
        numbers = f"ARRAY[{', '.join(self.numbers)}]::bigint[]"
        return f"(${turn}::bigint[] IS NULL OR ({numbers}, {self._id}) > (${turn}, ${last}::text))"

    @property
    def _id(self) -> str:
        return f'({self.id}) COLLATE "C"'


def position_parameters(after: ListPosition | None) -> tuple[list[int] | None, str | None]:
    """The two parameters of `behind`."""
    return (None, None) if after is None else (list(after.turn), after.id)


def position_of(row: asyncpg.Record) -> ListPosition:
    """Where a row stands in its list."""
    return ListPosition(row["turn"], row["turn_id"])
