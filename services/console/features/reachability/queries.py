"""Queries of officers' channels."""

from __future__ import annotations

from collections.abc import Collection

from services.console.store.connections import Connection


async def reachability(connection: Connection, officers: Collection[str]) -> dict[str, str]:
    """Return the stored channels of these officers, as JSON, by officer."""
    rows = await connection.fetch(
        "SELECT officer_id, channels FROM console.reachability WHERE officer_id = ANY($1::text[])",
        list(officers),
    )
    return {row["officer_id"]: row["channels"] for row in rows}
