"""Queries of late assignments of open commands: individually, and counted by unit and command."""

from __future__ import annotations

from collections.abc import Mapping

from services.console.core.access import Span
from services.console.core.paging import ListPosition
from services.console.store.conditions import OPEN_COMMAND
from services.console.store.connections import Connection, Rows
from services.console.store.lateness import PRESSING, UNSIGNED, called, late
from services.console.store.ordering import Order, micros, position_parameters, urgency
from shared.contracts.assignments import AssignmentState
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import department_of

GRAVEST = Order(("-s.gravity", micros("s.due_at")), "s.subject_id")
"""The order of assignments: by gravity and rung of the firing, then by the earliest deadline."""
URGENT = Order(urgency("c.status", "why.state", "c.level", "c.finish_by"), "c.command_id")
"""The order of commands."""
_LONGEST_UNIT = 64
"""An upper bound of the length of a unit id."""
_KEY = "CASE WHEN unit LIKE '%/%' AND unit NOT LIKE '%/grid/%' THEN unit ELSE left(unit, $7) END"
"""The key of a unit below a child: units are grouped before the child is found.

A department is its own key.
"""


def _open(command: str) -> str:
    """Return the ids of the open commands, or of the open command that the parameter names."""
    return (
        "ARRAY(SELECT command_id FROM console.command "  # noqa: S608
        f"WHERE status = $1 AND {OPEN_COMMAND} AND {command})"
    )


def _fired(command: str = "true") -> str:
    """Return the firings `s` that press, within the subtree from $2 to before $3."""
    within = f"s.command_id = ANY({_open(command)}) AND s.status = $1"
    return f"{called(f'{within} AND s.unit >= $2 AND s.unit < $3')} AS s WHERE {PRESSING}"


_OF_COMMAND = "($4::text IS NULL OR command_id = $4)"
_GRAVEST_OF_EACH = f"""
    SELECT DISTINCT ON (s.subject_id) s.* FROM {_fired(_OF_COMMAND)}
    ORDER BY s.subject_id, s.gravity DESC, s.clock
"""  # noqa: S608 - built of constants
_SUPERVISED = f"({_GRAVEST_OF_EACH}) AS s"
"""The assignments with a missed or near deadline, each once, with its gravest firing."""


async def supervised(
    connection: Connection,
    span: Span,
    status: str,
    command: str | None,
    after: ListPosition | None,
    limit: int,
) -> Rows:
    """Return assignments with a missed or near deadline after a cursor, the gravest first.

    With `command`, only those of the command are returned.
    """
    rows: Rows = await connection.fetch(
        f"SELECT s.*, {GRAVEST.columns} FROM {_SUPERVISED} "  # noqa: S608
        f"WHERE {GRAVEST.is_after(5, 6)} ORDER BY {GRAVEST.by} LIMIT $7",
        status,
        span.low,
        span.high,
        command,
        *position_parameters(after),
        limit,
    )
    return rows


async def total(connection: Connection, span: Span, status: str, command: str | None) -> int:
    """Return the number of entries of the list of `supervised`."""
    return int(
        await connection.fetchval(
            f"SELECT count(DISTINCT s.subject_id) FROM {_fired(_OF_COMMAND)}",  # noqa: S608
            status,
            span.low,
            span.high,
            command,
        )
    )


async def by_command(
    connection: Connection, span: Span, status: str, after: ListPosition | None, limit: int
) -> Rows:
    """Return open commands with a pressing or returned assignment in a subtree, after a cursor.

    The numbers `escalated`, `overdue`, `reminded`, `due_soon` and `returned` count assignments;
    `unsigned` of them are late without a signature. The most urgent command comes first.
    """
    kinds = ", ".join(
        f"count(*) FILTER (WHERE kind = '{kind}') AS {kind}"
        for kind in (*SupervisionKind, AssignmentState.RETURNED)
        if kind is not SupervisionKind.URGED
    )
    rows: Rows = await connection.fetch(
        f"""
        WITH gravest AS (
            SELECT s.command_id, (array_agg(s.kind ORDER BY s.gravity DESC, s.clock))[1] AS kind,
                bool_or(s.{UNSIGNED} AND {late("s")}) AS unsigned
            FROM {_fired()} GROUP BY s.command_id, s.subject_id
            UNION ALL
            SELECT a.command_id, '{AssignmentState.RETURNED}', false FROM console.assignment a
            WHERE a.command_id = ANY({_open("true")}) AND a.unit >= $2 AND a.unit < $3
                AND a.state = '{AssignmentState.RETURNED}'
        ), counted AS (
            SELECT command_id, {kinds}, count(*) FILTER (WHERE unsigned) AS unsigned
            FROM gravest GROUP BY command_id
        )
        SELECT c.*, counted.*, {URGENT.columns}
        FROM counted JOIN console.command c USING (command_id)
        LEFT JOIN console.alert AS why ON why.alert_id = c.alert_id
        WHERE {URGENT.is_after(4, 5)} ORDER BY {URGENT.by} LIMIT $6
        """,  # noqa: S608 - built of constants
        status,
        span.low,
        span.high,
        *position_parameters(after),
        limit,
    )
    return rows


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
            FROM {_fired()} GROUP BY s.subject_id, s.unit
        ), counted AS (
            SELECT {_KEY} AS unit, kind, count(*) AS n FROM gravest GROUP BY 1, 2
            UNION ALL
            SELECT {_KEY}, '{AssignmentState.RETURNED}', count(*) FROM console.assignment a
            WHERE a.command_id = ANY({_open("true")}) AND a.unit >= $2 AND a.unit < $3
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
