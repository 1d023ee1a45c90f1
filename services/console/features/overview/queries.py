"""Small counts of the first screen."""

from __future__ import annotations

import asyncpg

from services.console.core.access import Span
from services.console.store.conditions import (
    EVENT_PAGE,
    OPEN_ALERT,
    OPEN_COMMAND,
    OPEN_PAGE,
    PAGE_MATTER,
    UNWELL_SENSOR,
)
from services.console.store.connections import Connection, Rows


async def small_counts(connection: Connection, span: Span, status: str) -> asyncpg.Record:
    """Return counts of a subtree: silent sensors, unanswered calls, open alerts of drills.

    The calls of one officer about one matter are one, as on the cards of the officer.
    """
    row = await connection.fetchrow(
        f"""
        SELECT
          (SELECT count(*) FROM console.sensor WHERE {UNWELL_SENSOR}) AS sensors_silent,
          (SELECT count(DISTINCT (p.officer_id, {PAGE_MATTER})) FROM console.page p
             WHERE status = $1 AND {OPEN_PAGE} AND {EVENT_PAGE}
             AND channel = 'console' AND unit >= $2 AND unit < $3
             AND NOT EXISTS (SELECT 1 FROM console.answer a
               WHERE a.page_id = p.page_id AND a.status = p.status)
          ) AS pages_open,
          (SELECT count(*) FROM console.alert WHERE status = 'Exercise' AND {OPEN_ALERT}
             AND place >= $2 AND place < $3)
          + (SELECT count(*) FROM console.command WHERE status = 'Exercise'
             AND {OPEN_COMMAND}
             AND root >= $2 AND root < $3) AS exercises
        """,  # noqa: S608
        status,
        span.low,
        span.high,
    )
    assert row is not None, "a SELECT without FROM has one row"
    return row


async def active_alarms(connection: Connection, span: Span, status: str, limit: int) -> Rows:
    """Return the active alarms of a subtree, the gravest first."""
    rows: Rows = await connection.fetch(
        "SELECT alarm_id, sensor_id, place, level FROM console.alarm "
        "WHERE status = $1 AND place >= $2 AND place < $3 AND transition <> 'cleared' "
        "AND NOT withdrawn AND NOT retrospective AND level <> 'notice' "
        "ORDER BY score DESC, alarm_id LIMIT $4",
        status,
        span.low,
        span.high,
        limit,
    )
    return rows
