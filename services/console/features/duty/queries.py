"""Queries of duty plans and gaps."""

from __future__ import annotations

from services.console.core.access import Span
from services.console.store.connections import Connection, Rows


async def entries(connection: Connection, unit: str) -> Rows:
    """Return the valid entries of a unit in the order of their last change."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.duty_entry WHERE unit = $1 AND NOT cancelled "
        "AND (over_at IS NULL OR over_at > now()) ORDER BY place LIMIT 5000",
        unit,
    )
    return rows


async def versions(connection: Connection, unit: str) -> dict[str, int]:
    """Return the version of every entry of a unit, including expired entries."""
    rows = await connection.fetch(
        "SELECT entry_id, version FROM console.duty_entry WHERE unit = $1", unit
    )
    return {row["entry_id"]: row["version"] for row in rows}


async def open_coverage(connection: Connection, span: Span) -> Rows:
    """Return the posts of a subtree with gaps in the coming days, the next gap first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.duty_coverage WHERE unit >= $1 AND unit < $2 AND gap_count > 0 "
        "ORDER BY (gaps::jsonb -> 0 ->> 'begin'), unit, post LIMIT 500",
        span.low,
        span.high,
    )
    return rows
