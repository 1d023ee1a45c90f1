"""Drafts of commands: words of an officer that no other person may read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from services.console.store.connections import Connection, Rows
from shared.runtime.database import Database

MOST = 20
"""The most drafts of one officer."""


async def drafts(connection: Connection, officer_id: str) -> Rows:
    """Return the drafts of an officer, the newest first."""
    rows: Rows = await connection.fetch(
        "SELECT draft_id, body, changed_at FROM console.command_draft WHERE officer_id = $1 "
        "ORDER BY changed_at DESC, draft_id LIMIT $2",
        officer_id,
        MOST,
    )
    return rows


async def save(
    database: Database, officer_id: str, draft_id: str, body: dict[str, Any], now: datetime
) -> bool:
    """Store a draft in place of an older state; return False when the officer has too many."""
    async with database.transaction() as work:
        # The drafts of an officer are serialised to keep the count exact.
        await work.connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 6))", officer_id
        )
        count: int = await work.connection.fetchval(
            "SELECT count(*) FROM console.command_draft WHERE officer_id = $1 AND draft_id <> $2",
            officer_id,
            draft_id,
        )
        if count >= MOST:
            return False
        await work.connection.execute(
            "INSERT INTO console.command_draft (officer_id, draft_id, body, changed_at) "
            "VALUES ($1, $2, $3, $4) ON CONFLICT (officer_id, draft_id) "
            "DO UPDATE SET body = EXCLUDED.body, changed_at = EXCLUDED.changed_at",
            officer_id,
            draft_id,
            json.dumps(body),
            now,
        )
    return True


async def delete(database: Database, officer_id: str, draft_id: str) -> bool:
    """Delete a draft; return False when the officer has none with this id."""
    async with database.transaction() as work:
        status = await work.connection.execute(
            "DELETE FROM console.command_draft WHERE officer_id = $1 AND draft_id = $2",
            officer_id,
            draft_id,
        )
    return bool(status == "DELETE 1")
