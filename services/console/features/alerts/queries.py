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
_TOWN_DIGITS = 9
_TOWNS = f"left(unit, {_TOWN_DIGITS}) AS town FROM unnest(array_append(areas, place)) AS unit"
_OF_TOWN = f"($4::text IS NULL OR $4 IN (SELECT {_TOWNS}))"
GRAVEST = Order(
    (gravest("coalesce(level, proposed_level)"), "-score", f"-{micros('sent_at')}"), "alert_id"
)
"""The order of open alerts: by level, then by strength of evidence, then the newest first."""
NEWEST = Order((f"-{micros('sent_at')}",), "alert_id")
"""The order of all alerts: the last changed first."""


async def open_alerts(
    connection: Connection,
    span: Span,
    status: str,
    town: str | None,
    after: ListPosition | None,
    limit: int,
) -> Rows:
    """Return open alerts of a subtree after a cursor, the gravest first.

    With `town`, only alerts of that town are returned.
    """
    rows: Rows = await connection.fetch(
        f"SELECT *, {GRAVEST.columns} FROM console.alert "  # noqa: S608
        f"WHERE {_OPEN_IN_SUBTREE} AND {_OF_TOWN} AND {GRAVEST.is_after(5, 6)} "
        f"ORDER BY {GRAVEST.by} LIMIT $7",
        status,
        span.low,
        span.high,
        _town(town),
        *position_parameters(after),
        limit,
    )
    return rows


async def open_total(connection: Connection, span: Span, status: str, town: str | None) -> int:
    """Return the number of open alerts of a subtree; with `town`, only alerts of the town count."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM console.alert "  # noqa: S608
            f"WHERE {_OPEN_IN_SUBTREE} AND {_OF_TOWN}",
            status,
            span.low,
            span.high,
            _town(town),
        )
    )


def _town(unit: str | None) -> str | None:
    return None if unit is None else unit[:_TOWN_DIGITS]


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


async def open_by_town(connection: Connection, span: Span, status: str) -> Rows:
    """Return the number (`n`) of open alerts per town, by issued and proposed level.

    `town` is the first nine digits of a unit. An alert concerns the town of its place and the towns
    of its areas, and counts once in each.
    """
    rows: Rows = await connection.fetch(
        "SELECT town, level, proposed_level, count(*)::int AS n "  # noqa: S608
        f"FROM console.alert CROSS JOIN LATERAL (SELECT DISTINCT {_TOWNS}) AS concerned "
        f"WHERE {_OPEN_IN_SUBTREE} GROUP BY town, level, proposed_level",
        status,
        span.low,
        span.high,
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


NEWEST_ALARM = Order(NEWEST.numbers, "alarm_id")


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


async def recent_alarms(
    connection: Connection, span: Span, status: str, after: ListPosition | None, limit: int
) -> Rows:
    """Return alarms of a subtree after a cursor, active or cleared, the last changed first."""
    rows: Rows = await connection.fetch(
        f"SELECT *, {NEWEST_ALARM.columns} FROM console.alarm "  # noqa: S608
        "WHERE status = $1 AND place >= $2 AND place < $3 "
        f"AND {NEWEST_ALARM.is_after(4, 5)} AND {since(4)} "
        'ORDER BY sent_at DESC, alarm_id COLLATE "C" LIMIT $6',
        status,
        span.low,
        span.high,
        *position_parameters(after),
        limit,
    )
    return rows
