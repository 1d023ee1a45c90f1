"""Stores the activity of sources from time to time."""

from __future__ import annotations

import asyncio

import structlog

from services.console.features.sources import queries
from services.console.features.sources.activity import SourceActivity
from shared.runtime.database import Database
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.console.sources")

_EVERY_S = 10.0


class ActivityWriter:
    """Writes the rows that have changed."""

    def __init__(self, database: Database, activity: SourceActivity) -> None:
        self._database = database
        self._activity = activity

    async def store(self) -> None:
        """Store what has changed. Raises Transient; the same is then stored the next time."""
        rows = self._activity.changed_rows()
        if not rows:
            return
        async with self._database.transaction() as transaction:
            await queries.store_activities(transaction.connection, rows)
        self._activity.settle(rows)

    async def run(self) -> None:
        """Store for ever, also after outages of the database."""
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.store()
            except Transient as error:
                log.warning("activity_retry", error=str(error))
