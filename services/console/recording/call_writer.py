"""Data calls are stored every few seconds, and once more when the process ends."""

from __future__ import annotations

import asyncio

import structlog

from services.console.core.data_calls import CallCounts
from services.console.store.data_calls import add_calls
from shared.runtime.database import Database
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.console.data_calls")

_WRITE_EVERY_S = 5.0


class CallWriter:
    """Adds the counted calls to the table."""

    def __init__(self, database: Database, counts: CallCounts) -> None:
        self._database = database
        self._counts = counts

    async def write(self) -> None:
        """Store the calls; those of an outage of the database are stored after it."""
        calls = self._counts.take()
        if not calls:
            return
        try:
            await add_calls(self._database, calls)
        except Transient as error:
            self._counts.put_back(calls)
            log.warning("data_calls_wait", error=str(error))

    async def run(self) -> None:
        """Store calls for ever."""
        while True:
            await asyncio.sleep(_WRITE_EVERY_S)
            await self.write()
