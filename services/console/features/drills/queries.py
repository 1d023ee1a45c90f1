"""Queries of what has followed from a reading of a drill."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from services.console.store.connections import Connection
from shared.contracts.fields import Status


async def alarm_after(
    connection: Connection, sensor_id: str, since: datetime
) -> asyncpg.Record | None:
    """Return the newest alarm of a drill that a sensor has raised or kept since a moment."""
    return await connection.fetchrow(
        "SELECT alarm_id, level, started_at FROM console.alarm WHERE sensor_id = $1 "
        "AND status = $2 AND occurred_at >= $3 ORDER BY sent_at DESC, alarm_id LIMIT 1",
        sensor_id,
        Status.EXERCISE.value,
        since,
    )


async def alert_of(connection: Connection, alarm_id: str) -> asyncpg.Record | None:
    """Return the alert with an alarm."""
    return await connection.fetchrow(
        "SELECT alert_id, state, level, began_at FROM console.alert "
        "WHERE status = $2 AND alarm_ids @> ARRAY[$1::text] "
        "ORDER BY sent_at DESC, alert_id LIMIT 1",
        alarm_id,
        Status.EXERCISE.value,
    )


async def command_of(connection: Connection, alert_id: str) -> asyncpg.Record | None:
    """Return the newest command of an alert."""
    return await connection.fetchrow(
        "SELECT command_id, sent_at, occurred_at FROM console.command WHERE alert_id = $1 "
        "ORDER BY sent_at DESC, command_id LIMIT 1",
        alert_id,
    )


async def signatures(connection: Connection, command_id: str) -> list[asyncpg.Record]:
    """Return the assignments of a command by tier, with the time of the last signature."""
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT unit_tier AS tier, count(*) AS total, count(signed_at) AS signed, "
        "max(signed_at) AS last_at FROM console.assignment WHERE command_id = $1 "
        "GROUP BY unit_tier",
        command_id,
    )
    return rows
