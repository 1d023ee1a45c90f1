"""Queries of alerts and alarms of a subtree. All lists and counts use equal conditions."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from services.console.core.access import Span
from services.console.core.paging import ListPosition
from services.console.store.conditions import OPEN_ALERT
from services.console.store.connections import Connection, Rows
from services.console.store.ordering import Order, gravest, micros, position_parameters

_IN_SUBTREE = "status = $1 AND place >= $2 AND place < $3"
_OPEN_IN_SUBTREE = f"{_IN_SUBTREE} AND {OPEN_ALERT}"
_END = 4_000_000_000_000_000
"""A moment after all real ones, in microseconds; Postgres cannot add a larger number."""
_CONCERNS = """($4::text IS NULL OR (place >= $4 AND place < $5) OR EXISTS (
    SELECT 1 FROM unnest(areas) AS area
    WHERE area >= $4 COLLATE "C" AND area < $5 COLLATE "C"))"""
"""The condition that an alert lies in, or covers a part of, the subtree from $4 to before $5."""
GRAVEST = Order(
    (
        f"least({gravest('level')}, {gravest('proposed_level')})",
        "-score",
        f"-{micros('sent_at')}",
    ),
    "alert_id",
)
"""The order of open alerts: the gravest level in force or asked for, then evidence, then age."""
NEWEST = Order((f"-{micros('sent_at')}",), "alert_id")
"""The order of all alerts: the last changed first."""


async def open_alerts(
    connection: Connection,
    span: Span,
    status: str,
    part: Span | None,
    after: ListPosition | None,
    limit: int,
) -> Rows:
    """Return open alerts of a subtree after a cursor, the gravest first.

    With `part`, only alerts that concern that part of the subtree are returned.
    """
    rows: Rows = await connection.fetch(
        f"SELECT *, {GRAVEST.columns} FROM console.alert "  # noqa: S608
        f"WHERE {_OPEN_IN_SUBTREE} AND {_CONCERNS} AND {GRAVEST.is_after(6, 7)} "
        f"ORDER BY {GRAVEST.by} LIMIT $8",
        status,
        span.low,
        span.high,
        *_bounds(part),
        *position_parameters(after),
        limit,
    )
    return rows


async def open_total(connection: Connection, span: Span, status: str, part: Span | None) -> int:
    """Return the number of open alerts of a subtree; with `part`, only those that concern it."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM console.alert "  # noqa: S608
            f"WHERE {_OPEN_IN_SUBTREE} AND {_CONCERNS}",
            status,
            span.low,
            span.high,
            *_bounds(part),
        )
    )


def _bounds(part: Span | None) -> tuple[str | None, str | None]:
    return (None, None) if part is None else (part.low, part.high)


async def open_by_level(connection: Connection, span: Span, status: str) -> Rows:
    """Return the number (`n`) of open alerts by state, issued level and proposed level."""
    rows: Rows = await connection.fetch(
        "SELECT state, level, proposed_level, count(*)::int AS n FROM console.alert "  # noqa: S608
        f"WHERE {_OPEN_IN_SUBTREE} GROUP BY state, level, proposed_level",
        status,
        span.low,
        span.high,
    )
    return rows


async def open_by_part(connection: Connection, span: Span, status: str, length: int) -> Rows:
    """Return the number (`n`) of open alerts per part of a subtree, by issued and proposed level.

    `part` is the first `length` characters of a unit. An alert concerns the part of its place and
    the parts of its areas, and counts once in each.
    """
    rows: Rows = await connection.fetch(
        "SELECT part, level, proposed_level, count(*)::int AS n "  # noqa: S608
        "FROM console.alert CROSS JOIN LATERAL (SELECT DISTINCT left(unit, $4) AS part "
        "FROM unnest(array_append(areas, place)) AS unit) AS concerned "
        f"WHERE {_OPEN_IN_SUBTREE} GROUP BY part, level, proposed_level",
        status,
        span.low,
        span.high,
        length,
    )
    return rows


async def recent_alerts(
    connection: Connection, span: Span, status: str, after: ListPosition | None, limit: int
) -> Rows:
    """Return alerts of a subtree after a cursor, open or closed, the last changed first."""
    rows: Rows = await connection.fetch(
        f"SELECT *, {NEWEST.columns} FROM console.alert WHERE {_IN_SUBTREE} "  # noqa: S608
        f"AND {NEWEST.is_after(4, 5)} AND {since(4)} "
        'ORDER BY sent_at DESC, alert_id COLLATE "C" LIMIT $6',
        status,
        span.low,
        span.high,
        *position_parameters(after),
        limit,
    )
    return rows


def since(turn: int) -> str:
    """Return a condition on `sent_at` that limits the scan of its index to rows after the cursor.

    The order of the list must begin with the time of the last change, the newest first.
    """
    return (
        f"(${turn}::bigint[] IS NULL OR sent_at <= 'epoch'::timestamptz "
        f"+ least(-((${turn}::bigint[])[1]), {_END}) * interval '1 microsecond')"
    )


async def alert(connection: Connection, alert_id: str) -> asyncpg.Record | None:
    """Return an alert by id, or None."""
    return await connection.fetchrow("SELECT * FROM console.alert WHERE alert_id = $1", alert_id)


async def alarms(connection: Connection, alarm_ids: Sequence[str]) -> Rows:
    """Return the alarms of an alert, the gravest first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.alarm WHERE alarm_id = ANY($1::text[]) "
        "ORDER BY score DESC, alarm_id LIMIT 100",
        list(alarm_ids),
    )
    return rows
