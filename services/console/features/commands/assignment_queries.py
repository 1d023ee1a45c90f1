"""Queries of assignments and of their acknowledgements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from services.console.core.access import Span
from services.console.core.paging import ListPosition
from services.console.features.commands.counts import TOWN_DIGITS
from services.console.store.connections import Connection, Rows
from services.console.store.lateness import IN_WORK, UNSIGNED
from services.console.store.ordering import Order, position_parameters, urgency
from shared.contracts.lifecycles.assignment import OVER
from shared.runtime.sql import names

_FINISHED = names(OVER)
_DUE = f"CASE WHEN a.{UNSIGNED} THEN a.sign_by WHEN a.{IN_WORK} THEN a.finish_by END"
ASSIGNMENT_ORDER = Order(urgency("a.status", "why.state", "a.level", _DUE), "a.assignment_id")
"""The order of assignments, equal on every screen.

An assignment is due by its running clock; an assignment that waits for a different unit has no
clock.
"""


@dataclass(frozen=True)
class AssignmentQuery:
    """A filter of assignments by unit (with a span: by its subtree), command, state or status."""

    unit: str
    span: Span | None = None
    command: str | None = None
    state: str | None = None
    only_open: bool = False
    status: str | None = None

    @property
    def is_counted(self) -> bool:
        """Return whether the counts per town say how many there are."""
        whole_towns = self.span is not None and len(self.span.low) <= TOWN_DIGITS
        return whole_towns and self.command is not None and self.status is None

    def where(self) -> tuple[str, list[Any]]:
        """Return a condition on `a` and its parameters."""
        clauses: list[str] = []
        values: list[Any] = []

        def add(clause: str, *parameters: Any) -> None:
            slots = [f"${len(values) + n}" for n in range(1, len(parameters) + 1)]
            clauses.append(clause.format(*slots))
            values.extend(parameters)

        if self.span is None:
            add("a.unit = {}", self.unit)
        else:
            add("a.unit >= {} AND a.unit < {}", self.span.low, self.span.high)
        for name in ("command_id", "state", "status"):
            value = getattr(self, name.removesuffix("_id"))
            if value is not None:
                add(f"a.{name} = {{}}", value)
        if self.only_open:
            add(f"a.state NOT IN {_FINISHED}")
        return " AND ".join(clauses), values


async def assignments(
    connection: Connection, query: AssignmentQuery, after: ListPosition | None, limit: int
) -> Rows:
    """Return assignments after a cursor, the most urgent first."""
    where, values = query.where()
    n = len(values)
    rows: Rows = await connection.fetch(
        f"SELECT a.*, {ASSIGNMENT_ORDER.columns} FROM console.assignment a "  # noqa: S608
        f"LEFT JOIN console.alert AS why USING (alert_id) WHERE {where} "
        f"AND {ASSIGNMENT_ORDER.is_after(n + 1, n + 2)} "
        f"ORDER BY {ASSIGNMENT_ORDER.by} LIMIT ${n + 3}",
        *values,
        *position_parameters(after),
        limit,
    )
    return rows


async def assignments_total(connection: Connection, query: AssignmentQuery) -> int:
    """Return the number of assignments of the filter.

    Those of a whole command are summed from the counts of its towns: a city's command has 75,000.
    """
    if query.is_counted:
        assert query.span is not None
        counted = (
            "SELECT coalesce(sum(n), 0) FROM console.assignment_count "  # noqa: S608
            "WHERE command_id = $1 "
            "AND town >= $2 AND town < $3 AND ($4::text IS NULL OR state = $4) "
            f"AND NOT ($5 AND state IN {_FINISHED})"
        )
        span = query.span
        values = [query.command, span.low, span.high, query.state, query.only_open]
        return int(await connection.fetchval(counted, *values))
    where, values = query.where()
    counted = f"SELECT count(*) FROM console.assignment a WHERE {where}"  # noqa: S608
    return int(await connection.fetchval(counted, *values))


async def assignment(connection: Connection, assignment_id: str) -> asyncpg.Record | None:
    """Return an assignment by id, or None."""
    return await connection.fetchrow(
        "SELECT * FROM console.assignment WHERE assignment_id = $1", assignment_id
    )


async def assignments_by_id(
    connection: Connection, ids: Sequence[str]
) -> dict[str, asyncpg.Record]:
    """Return assignments by their ids; those that exist."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.assignment WHERE assignment_id = ANY($1::text[])", ids
    )
    return {row["assignment_id"]: row for row in rows}


async def acknowledgements(connection: Connection, assignment_id: str) -> Rows:
    """Return the texts of a unit and its issuer about an assignment, without drill attempts."""
    rows: Rows = await connection.fetch(
        "SELECT k.* FROM console.acknowledgement k JOIN console.assignment a "
        "USING (assignment_id, status) WHERE assignment_id = $1 ORDER BY k.sent_at, k.id LIMIT 200",
        assignment_id,
    )
    return rows
