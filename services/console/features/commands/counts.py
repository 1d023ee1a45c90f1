"""Counts of assignments per command and tier, and the list of commands.

Overdue assignments are counted by unit (store/lateness.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import asyncpg

from services.console.core.access import Span
from services.console.core.paging import ListPosition
from services.console.store.conditions import OPEN_COMMAND
from services.console.store.connections import Connection, Rows
from services.console.store.lateness import overdue
from services.console.store.ordering import Order, micros, position_parameters, urgency
from shared.contracts.lifecycles.assignment import REPORTED, SIGNED, TAKEN_AWAY, UNSIGNED, State
from shared.runtime.sql import names

_OPEN = f"c.{OPEN_COMMAND}"
COMMAND_ORDER = Order(
    (
        f"(NOT {_OPEN})::int",
        *(
            f"CASE WHEN {_OPEN} THEN {number} ELSE 0 END"
            for number in urgency("c.status", "why.state", "c.level", "c.finish_by")[1:]
        ),
        f"-{micros('c.sent_at')}",
    ),
    "c.command_id",
)
"""The order of commands: the open ones by urgency, then the closed ones, the last changed first."""
_UNSIGNED = f"a.state IN {names(UNSIGNED | {State.RETURNED})}"
_TAKEN_AWAY = names(TAKEN_AWAY)


def _many(condition: str) -> str:
    return f"coalesce(sum(a.n) FILTER (WHERE {condition}), 0)::int"


_COUNTS = f"""
    {_many("true")} AS total,
    {_many(f"a.state NOT IN {names(UNSIGNED)} AND (a.signed OR a.state IN {names(SIGNED)})")}
        AS signed,
    {_many(f"a.state IN {names(REPORTED)}")} AS reported,
    {_many(f"a.state = '{State.DONE}'")} AS done,
    {_many(f"a.state = '{State.RETURNED}'")} AS returned,
    {_many(_UNSIGNED)} AS unsigned
"""
_ONE_BY_ONE = """
    SELECT command_id, unit_tier, state, signed_at IS NOT NULL AS signed, 1 AS n
    FROM console.assignment
    WHERE command_id = ANY($1::text[]) AND unit >= $2 AND unit < $3
"""
_COUNTED = """
    SELECT command_id, unit_tier, state, signed, n FROM console.assignment_count
    WHERE command_id = ANY($1::text[]) AND town >= $2 AND town < $3
"""
TOWN_DIGITS = 9
"""The number of digits of a town.

A span of at most nine digits holds whole towns, like the counts; a longer span lies in a town.
"""
_COUNTED_IN_TOWN = f"""
    c.command_id IN (SELECT t.command_id FROM console.assignment_count t
        WHERE t.town = left($2, {TOWN_DIGITS})) AND
"""  # noqa: S608 - built of constants
"""The condition of commands `c` with an assignment in the town of the span that begins at $2."""
_IN_SPAN = "s.unit >= $2 AND s.unit < $3"
_OVERDUE_COUNTS = """count(*) AS overdue,
        count(*) FILTER (WHERE NOT late.in_work) AS overdue_unsigned,
        count(*) FILTER (WHERE late.in_work) AS overdue_unreported"""
_NOT_COUNTED = """coalesce(overdue, 0) AS overdue,
            coalesce(overdue_unsigned, 0) AS overdue_unsigned,
            coalesce(overdue_unreported, 0) AS overdue_unreported"""
_OF_COMMANDS = overdue(f"s.command_id = ANY($1::text[]) AND {_IN_SPAN}")
_OF_CHILD = overdue(
    's.command_id = $1 AND s.unit >= c.low COLLATE "C" AND s.unit < c.high COLLATE "C"'
)


async def open_command_ids(connection: Connection, status: str) -> list[str]:
    """Return the ids of all commands that are neither closed nor revoked."""
    rows = await connection.fetch(
        "SELECT command_id FROM console.command "  # noqa: S608
        f"WHERE status = $1 AND {OPEN_COMMAND}",
        status,
    )
    return [row["command_id"] for row in rows]


async def by_command_and_tier(connection: Connection, commands: Sequence[str], span: Span) -> Rows:
    """Return counts per command and tier within a subtree; withdrawn assignments do not count.

    From a town upward the counts per town are summed, because a city's screen would count a hundred
    thousand rows each time. `unsigned` (or returned) plus `overdue_unreported` is the number of
    pending units.
    """
    source = _COUNTED if len(span.low) <= TOWN_DIGITS else _ONE_BY_ONE
    rows: Rows = await connection.fetch(
        f"""
        WITH counted AS (
            SELECT a.command_id, a.unit_tier, {_COUNTS} FROM ({source}) AS a
            WHERE a.state NOT IN {_TAKEN_AWAY}
            GROUP BY a.command_id, a.unit_tier HAVING sum(a.n) > 0
        ), late AS (
            SELECT late.command_id, late.unit_tier, {_OVERDUE_COUNTS}
            FROM {_OF_COMMANDS} AS late GROUP BY late.command_id, late.unit_tier
        )
        SELECT counted.*, {_NOT_COUNTED}
        FROM counted LEFT JOIN late USING (command_id, unit_tier)
        """,  # noqa: S608
        list(commands),
        span.low,
        span.high,
    )
    return rows


async def by_child(connection: Connection, command_id: str, children: Mapping[str, Span]) -> Rows:
    """Return counts of a command for each of these units with its subtree, by `child`."""
    rows: Rows = await connection.fetch(
        f"""
        WITH child AS (
            SELECT * FROM unnest($2::text[], $3::text[], $4::text[]) AS c(child, low, high)
        ), counted AS (
            SELECT a.child, {_COUNTS} FROM (
                SELECT c.child, one.state, one.signed_at IS NOT NULL AS signed, 1 AS n
                FROM child c JOIN console.assignment one ON one.command_id = $1
                    AND one.unit >= c.low COLLATE "C" AND one.unit < c.high COLLATE "C"
            ) AS a WHERE a.state NOT IN {_TAKEN_AWAY} GROUP BY a.child
        ), late AS (
            SELECT c.child, {_OVERDUE_COUNTS}
            FROM child c, LATERAL {_OF_CHILD} AS late GROUP BY c.child
        )
        SELECT counted.*, {_NOT_COUNTED}
        FROM counted LEFT JOIN late USING (child) ORDER BY child COLLATE "C"
        """,  # noqa: S608
        command_id,
        list(children),
        [span.low for span in children.values()],
        [span.high for span in children.values()],
    )
    return rows


async def recent_commands(
    connection: Connection,
    span: Span,
    status: str,
    *,
    only_open: bool,
    after: ListPosition | None,
    limit: int,
) -> Rows:
    """Return commands of a subtree after a cursor, the open ones by urgency, then the newest.

    The root, the issuer or a receiving unit is in the subtree. Open commands and the newest closed
    commands are searched separately, each by its own index: the second search ends early and does
    not scan the year. A town has few commands and its search would be long; the counts select the
    commands whose assignments are searched.
    """
    in_town = len(span.low) >= TOWN_DIGITS
    counted_in_town = _COUNTED_IN_TOWN if in_town else ""
    probed = "OFFSET 0" if in_town else ""  # keeps the planner from hashing the town's assignments
    concerns = f"""
        (root >= $2 AND root < $3) OR (issuer_unit >= $2 AND issuer_unit < $3)
        OR ({counted_in_town} EXISTS (SELECT 1 FROM console.assignment a
            WHERE a.command_id = c.command_id AND a.unit >= $2 AND a.unit < $3 {probed}))
    """  # noqa: S608 - built of constants
    after_cursor = f"AND {COMMAND_ORDER.is_after(6, 7)}"
    columns = f"c.*, {COMMAND_ORDER.columns}"
    reason = "LEFT JOIN console.alert AS why ON why.alert_id = c.alert_id"
    rows: Rows = await connection.fetch(
        f"""
        SELECT * FROM (
            (SELECT {columns} FROM console.command c {reason}
                WHERE c.status = $1 AND {_OPEN} {after_cursor} AND ({concerns})
                ORDER BY {COMMAND_ORDER.by} LIMIT $5)
            UNION ALL
            (SELECT {columns} FROM console.command c {reason}
                WHERE NOT $4 AND c.status = $1 AND NOT ({_OPEN}) {after_cursor}
                    AND ({concerns})
                ORDER BY c.sent_at DESC, c.command_id COLLATE "C" LIMIT $5)
        ) AS found ORDER BY {COMMAND_ORDER.by} LIMIT $5
        """,  # noqa: S608
        status,
        span.low,
        span.high,
        only_open,
        limit,
        *position_parameters(after),
    )
    return rows


async def command(connection: Connection, command_id: str) -> asyncpg.Record | None:
    """Return a command by id, or None."""
    return await connection.fetchrow(
        "SELECT * FROM console.command WHERE command_id = $1", command_id
    )


async def received(connection: Connection, commands: Sequence[str], span: Span) -> set[str]:
    """Return the commands with an assignment, now or earlier, of a unit in the subtree."""
    rows = await connection.fetch(
        "SELECT command_id FROM unnest($1::text[]) AS c(command_id) WHERE EXISTS (SELECT 1 "
        "FROM console.assignment a WHERE a.command_id = c.command_id "
        "AND a.unit >= $2 AND a.unit < $3)",
        list(commands),
        span.low,
        span.high,
    )
    return {row["command_id"] for row in rows}
