"""Queries of silences."""

from __future__ import annotations

import asyncpg

from services.console.core.access import Span
from services.console.store.connections import Connection, Rows
from shared.contracts.units import lineage


async def silence(connection: Connection, silence_id: str) -> asyncpg.Record | None:
    """One silence."""
    return await connection.fetchrow(
        "SELECT * FROM console.silence WHERE silence_id = $1", silence_id
    )


async def silences(
    connection: Connection, span: Span, unit: str, status: str, standing: bool, limit: int
) -> Rows:
    """Silences within a subtree or over it, the last changed first; `standing`: not ended yet."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.silence WHERE status = $1 "
        "AND (place >= $2 AND place < $3 OR place = ANY($4::text[])) "
        "AND (ended_at IS NULL OR NOT $5) ORDER BY sent_at DESC, silence_id LIMIT $6",
        status,
        span.low,
        span.high,
        lineage(unit),
        standing,
        limit,
    )
    return rows
