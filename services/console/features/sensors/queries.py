"""Queries of sensors."""

from __future__ import annotations

from datetime import datetime

from services.console.core.access import Span
from services.console.store.conditions import UNWELL_SENSOR
from services.console.store.connections import Connection, Rows


async def alarms_of_sensor(
    connection: Connection, sensor_id: str, status: str, since: datetime, limit: int
) -> Rows:
    """Return a sensor's alarms that were active after `since`, the last changed first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.alarm WHERE sensor_id = $1 AND status = $2 "
        "AND (sent_at >= $3 OR transition <> 'cleared') ORDER BY sent_at DESC, alarm_id LIMIT $4",
        sensor_id,
        status,
        since,
        limit,
    )
    return rows


async def unwell_sensors(
    connection: Connection, span: Span, status: str, after: str, limit: int
) -> Rows:
    """Return sensors that are silent or faulty, by id after a cursor."""
    rows: Rows = await connection.fetch(
        f"SELECT * FROM console.sensor WHERE {UNWELL_SENSOR} "  # noqa: S608
        'AND sensor_id COLLATE "C" > $4 ORDER BY sensor_id COLLATE "C" LIMIT $5',
        status,
        span.low,
        span.high,
        after,
        limit,
    )
    return rows


async def unwell_total(connection: Connection, span: Span, status: str) -> int:
    """Return the number of sensors of a subtree that are silent or faulty."""
    counted = f"SELECT count(*) FROM console.sensor WHERE {UNWELL_SENSOR}"  # noqa: S608
    return int(await connection.fetchval(counted, status, span.low, span.high))
