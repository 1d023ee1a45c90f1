"""The stored data calls: one row for each day and entry."""

from __future__ import annotations

from services.console.core.data_calls import DayCalls
from shared.runtime.database import Database


async def add_calls(database: Database, calls: DayCalls) -> None:
    """Add calls to those of their day and entry; rows are locked in one order."""
    rows = sorted(calls.items())
    async with database.transaction() as transaction:
        await transaction.connection.execute(
            "INSERT INTO console.data_call AS stored (day, entry, calls) "
            "SELECT * FROM unnest($1::date[], $2::text[], $3::bigint[]) "
            "ON CONFLICT (day, entry) DO UPDATE SET calls = stored.calls + EXCLUDED.calls",
            [day for (day, _), _ in rows],
            [entry for (_, entry), _ in rows],
            [count for _, count in rows],
        )
