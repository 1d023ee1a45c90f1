"""Keeps a timer armed for every post that a plan of communication tests names."""

from __future__ import annotations

import asyncio

import structlog

from services.notify.consumer import NotifyConsumer
from services.notify.store import reachability
from shared.runtime.database import Database
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.notify")

_EVERY_S = 600.0
_RETRY_S = 5.0
_BATCH = 5_000


class ContactTestScheduler:
    """The timers are durable; this only adds what the roster and the plans have got since."""

    def __init__(self, database: Database, consumer: NotifyConsumer) -> None:
        self._database = database
        self._consumer = consumer

    async def run(self) -> None:
        """Background loop, every ten minutes; survives outages of the database."""
        while True:
            try:
                await self.round()
            except Transient as error:
                log.warning("schedule_retry", error=str(error))
                await asyncio.sleep(_RETRY_S)
            else:
                await asyncio.sleep(_EVERY_S)

    async def round(self) -> None:
        """Look through all posts once."""
        async with self._database.transaction() as work:
            now = work.now
        places = list(self._consumer.test_plans.places(self._consumer.roster, now))
        for start in range(0, len(places), _BATCH):
            async with self._database.transaction() as work:
                await reachability.schedule(work, places[start : start + _BATCH])
