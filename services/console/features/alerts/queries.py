"""Queries of alerts and alarms of a subtree. All lists and counts use the same conditions."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from services.console.core.access import Span
from services.console.core.paging import ListPosition
from services.console.store.conditions import OPEN_ALERT
from services.console.store.connections import Connection, Rows
from services.console.store.ordering import Order, gravest, micros, position_parameters

_HERE = "status = $1 AND place >= $2 AND place < $3"
_OPEN_HERE = f"{_HERE} AND {OPEN_ALERT}"
_END = 4_000_000_000_000_000
"""Behind all moments, in microseconds; what is more Postgres cannot add."""
_TOWN_DIGITS = 9
_TOWNS = f"left(unit, {_TOWN_DIGITS}) AS town FROM unnest(array_append(areas, place)) AS unit"
_OF_TOWN = f"($4::text IS NULL OR $4 IN (SELECT {_TOWNS}))"
GRAVEST = Order(
    (gravest("coalesce(level, proposed_level)"), "-score", f"-{micros('sent_at')}"), "alert_id"
)
"""The order of open alerts: the gravest, the best proven, the newest first."""
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
    """Open alerts of a subtree behind a place, the gravest first; `town`: only those that concern it."""
    rows: Rows = await connection.fetch(
        f"SELECT *, {GRAVEST.columns} FROM console.alert WHERE {_OPEN_HERE} AND {_OF_TOWN} "  # noqa: S608
        f"AND {GRAVEST.is_after(5, 6)} ORDER BY {GRAVEST.by} LIMIT $7",
        status,
        span.low,
        span.high,
        _town(town),
        *position_parameters(after),
        limit,
    )
    return rows


async def open_total(connection: Connection, span: Span, status: str, town: str | None) -> int:
    """How many open alerts a subtree has; `town`: only those that concern it."""
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM console.alert WHERE {_OPEN_HERE} AND {_OF_TOWN}",  # noqa: S608
            status,
            span.low,
            span.high,
            _town(town),
        )
    )


def _town(unit: str | None) -> str | None:
    return None if unit is None else unit[:_TOWN_DIGITS]


async def open_by_level(connection: Connection, span: Span, status: str) -> Rows:
    """How many (`n`) open alerts there are by state, issued level and proposed level."""
    rows: Rows = await connection.fetch(
        "SELECT state, level, proposed_level, count(*)::int AS n FROM console.alert "  # noqa: S608
        f"WHERE {_OPEN_HERE} GROUP BY state, level, proposed_level",
        status,
        span.low,
        span.high,
    )
    return rows


async def open_by_town(connection: Connection, span: Span, status: str) -> Rows:
    """How many (`n`) open alerts concern a town, by issued and proposed level. `town`: the first nine
    digits of its unit. An alert concerns the town of its place and those of its areas, each once."""
    rows: Rows = await connection.fetch(
        "SELECT town, level, proposed_level, count(*)::int AS n "  # noqa: S608
        f"FROM console.alert CROSS JOIN LATERAL (SELECT DISTINCT {_TOWNS}) AS concerned "
        f"WHERE {_OPEN_HERE} GROUP BY town, level, proposed_level",
        status,
        span.low,
        span.high,
    )
    return rows


async def recent_alerts(
    connection: Connection, span: Span, status: str, after: ListPosition | None, limit: int
) -> Rows:
    """Alerts of a subtree behind a place, open or not, the last changed first."""
    rows: Rows = await connection.fetch(
        f"SELECT *, {NEWEST.columns} FROM console.alert WHERE {_HERE} "  # noqa: S608
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
    """What `behind` says of a list whose first number is how new a row is, for an index over `sent_at`."""
    return (
        f"(${turn}::bigint[] IS NULL OR sent_at <= 'epoch'::timestamptz "
        f"+ least(-((${turn}::bigint[])[1]), {_END}) * interval '1 microsecond')"
    )


NEWEST_ALARM = Order(NEWEST.numbers, "alarm_id")


async def alert(connection: Connection, alert_id: str) -> asyncpg.Record | None:
    """One alert."""
    return await connection.fetchrow("SELECT * FROM console.alert WHERE alert_id = $1", alert_id)


async def alarms(connection: Connection, alarm_ids: Sequence[str]) -> Rows:
    """The alarms of an alert, the gravest first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.alarm WHERE alarm_id = ANY($1::text[]) "
        "ORDER BY score DESC, alarm_id LIMIT 100",
        list(alarm_ids),
    )
    return rows


async def recent_alarms(
    connection: Connection, span: Span, status: str, after: ListPosition | None, limit: int
) -> Rows:
    """Alarms of a subtree behind a place, on or over, the last changed first."""
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
