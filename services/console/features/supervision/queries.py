"""Queries of timer firings of open commands: individually, and counted by unit."""

from __future__ import annotations

from collections.abc import Mapping

from services.console.core.access import Span
from services.console.core.paging import ListPosition
from services.console.store.conditions import OPEN_COMMAND
from services.console.store.connections import Connection, Rows
from services.console.store.lateness import PRESSING, called
from services.console.store.ordering import Order, micros, position_parameters
from shared.contracts.commands import AssignmentState
from shared.contracts.units import department_of

GRAVEST = Order(("-s.gravity", micros("s.due_at")), "s.subject_id || ':' || s.clock")
"""The order of firings: by gravity and rung, then by the earliest deadline."""
_LONGEST_UNIT = 64
"""An upper bound of the length of a unit id."""
_KEY = "CASE WHEN unit LIKE '%/%' AND unit NOT LIKE '%/grid/%' THEN unit ELSE left(unit, $7) END"
"""The key of a unit below a child: units are grouped before the child is found.

A department is its own key.
"""
_OPEN = (
    "ARRAY(SELECT command_id FROM console.command "  # noqa: S608
    f"WHERE status = $1 AND {OPEN_COMMAND})"
)
_FIRED = f"""
    {called(f"s.command_id = ANY({_OPEN}) AND s.status = $1 AND s.unit >= $2 AND s.unit < $3")} AS s
    WHERE {PRESSING}
"""


async def supervised(
    connection: Connection, span: Span, status: str, after: ListPosition | None, limit: int
) -> Rows:
    """Return firings on open assignments by clock after a cursor, the gravest first."""
    rows: Rows = await connection.fetch(
        f"SELECT s.*, {GRAVEST.columns} FROM {_FIRED} "  # noqa: S608
        f"AND {GRAVEST.is_after(4, 5)} ORDER BY {GRAVEST.by} LIMIT $6",
        status,
        span.low,
        span.high,
        *position_parameters(after),
        limit,
    )
    return rows


async def total(connection: Connection, span: Span, status: str) -> int:
    """Return the number of entries of the list of `supervised`."""
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM {_FIRED}",  # noqa: S608
            status,
            span.low,
            span.high,
        )
    )


async def by_child(
    connection: Connection, span: Span, status: str, children: Mapping[str, Span]
) -> Rows:
    """Return the number (`n`) of assignments of a subtree by `child` and `kind`.

    `kind` is the gravest firing of any clock, or `returned`. `child` is the unit above the
    assignment's unit, None for units outside all children: the top of the subtree itself.
    """
    rows: Rows = await connection.fetch(
        f"""
        WITH child AS (
            SELECT * FROM unnest($4::text[], $5::text[], $6::text[]) AS c(child, low, high)
        ), gravest AS (
            SELECT s.unit, (array_agg(s.kind ORDER BY s.gravity DESC, s.clock))[1] AS kind
            FROM {_FIRED} GROUP BY s.subject_id, s.unit
        ), counted AS (
            SELECT {_KEY} AS unit, kind, count(*) AS n FROM gravest GROUP BY 1, 2
            UNION ALL
            SELECT {_KEY}, '{AssignmentState.RETURNED}', count(*) FROM console.assignment a
            WHERE a.command_id = ANY({_OPEN}) AND a.unit >= $2 AND a.unit < $3
                AND a.state = '{AssignmentState.RETURNED}' GROUP BY 1
        )
        SELECT c.child, o.kind, sum(o.n)::int AS n
        FROM counted o LEFT JOIN child c
            ON o.unit >= c.low COLLATE "C" AND o.unit < c.high COLLATE "C"
        GROUP BY c.child, o.kind
        """,  # noqa: S608
        status,
        span.low,
        span.high,
        list(children),
        [child.low for child in children.values()],
        [child.high for child in children.values()],
        max(
            (len(children[child].low) for child in children if not department_of(child)),
            default=_LONGEST_UNIT,
        ),
    )
    return rows
