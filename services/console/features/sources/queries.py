"""Queries of the activity of sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from services.console.features.sources.activity import ActivityRow
from services.console.store.connections import Connection


async def activities(connection: Connection, sources: Sequence[str]) -> dict[str, ActivityRow]:
    """Return the activity of each of these sources that has sent a reading."""
    rows = await connection.fetch(
        "SELECT source, last_at, received_at, minute, readings, readings_before "
        "FROM console.source_activity WHERE source = ANY($1::text[])",
        list(sources),
    )
    return {row["source"]: ActivityRow(*row) for row in rows}


async def store_activities(connection: Connection, rows: Sequence[ActivityRow]) -> None:
    """Merge rows, which are sorted by source, into those that are stored."""
    await connection.executemany(
        "INSERT INTO console.source_activity AS old "
        "(source, last_at, received_at, minute, readings, readings_before) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source) DO UPDATE SET "
        "last_at = greatest(old.last_at, excluded.last_at), "
        "received_at = greatest(old.received_at, excluded.received_at), "
        "readings = CASE WHEN excluded.minute > old.minute THEN excluded.readings "
        "WHEN excluded.minute = old.minute THEN greatest(old.readings, excluded.readings) "
        "ELSE old.readings END, "
        "readings_before = CASE WHEN excluded.minute > old.minute THEN excluded.readings_before "
        "WHEN excluded.minute = old.minute "
        "THEN greatest(old.readings_before, excluded.readings_before) "
        "ELSE old.readings_before END, "
        "minute = greatest(old.minute, excluded.minute)",
        [astuple(row) for row in rows],
    )
