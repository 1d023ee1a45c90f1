"""Reads of the feed by the hub, from one position to the next."""

from __future__ import annotations

import asyncpg

from services.console.store.connections import reading
from services.console.stream import queries
from shared.runtime.database import Database


class FeedReader:
    """Reads the feed of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def head(self) -> int:
        """Return the seq of the last event; 0 when the feed is empty. Raises Transient."""
        async with reading(self._database) as connection:
            return await queries.head(connection)

    async def after(self, seq: int, limit: int) -> list[asyncpg.Record]:
        """Return at most `limit` events after `seq`, the oldest first. Raises Transient."""
        async with reading(self._database) as connection:
            return await queries.after(connection, seq, limit)
