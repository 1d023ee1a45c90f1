"""Queries of silences."""

from __future__ import annotations

import asyncpg

from services.console.core.access import Span
from services.console.store.connections import Connection, Rows
from shared.contracts.units import lineage


async def silence(connection: Connection, silence_id: str) -> asyncpg.Record | None:
    """Return a silence by id, or None."""
    return await connection.fetchrow(
        "SELECT * FROM console.silence WHERE silence_id = $1", silence_id
    )


async def silences(
    connection: Connection, span: Span, unit: str, status: str, only_current: bool, limit: int
) -> Rows:
    """Return silences within a subtree or above, the last changed first.

    With `standing` only silences before their end are returned.
    """
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.silence WHERE status = $1 "
        "AND (place >= $2 AND place < $3 OR place = ANY($4::text[])) "
        "AND (ended_at IS NULL OR NOT $5) ORDER BY sent_at DESC, silence_id LIMIT $6",
        status,
        span.low,
        span.high,
        lineage(unit),
        only_current,
        limit,
    )
    return rows
