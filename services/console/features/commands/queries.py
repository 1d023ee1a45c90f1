"""Queries of commands."""

from __future__ import annotations

from services.console.store.connections import Connection, Rows


async def commands_of_alert(connection: Connection, alert_id: str) -> Rows:
    """Return the commands caused by an alert."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.command WHERE alert_id = $1 "
        "ORDER BY sent_at DESC, command_id LIMIT 50",
        alert_id,
    )
    return rows
