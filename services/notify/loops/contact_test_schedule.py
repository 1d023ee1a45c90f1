"""The schedule of communication tests: an armed timer for every post that a plan names."""

from __future__ import annotations

import asyncio

import structlog

from services.notify.core.reference_data import ReferenceData
from services.notify.store import contact_tests
from shared.runtime.database import Database
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.notify")

_INTERVAL_S = 600.0
_RETRY_S = 5.0
_BATCH = 5_000


class ContactTestScheduler:
    """Adds timers for new posts of the roster and for new plans; the timers are durable."""

    def __init__(self, database: Database, reference: ReferenceData) -> None:
        self._database = database
        self._reference = reference

    async def run(self) -> None:
        """Background loop, every ten minutes; survives outages of the database."""
        while True:
            try:
                await self.schedule_all()
            except Transient as error:
                log.warning("schedule_retry", error=str(error))
                await asyncio.sleep(_RETRY_S)
            else:
                await asyncio.sleep(_INTERVAL_S)

    async def schedule_all(self) -> None:
        """Schedule the next test of every post once."""
        async with self._database.transaction() as transaction:
            now = transaction.now
        due_times = list(self._reference.test_plans.schedule(self._reference.roster, now))
        for start in range(0, len(due_times), _BATCH):
            async with self._database.transaction() as transaction:
                await contact_tests.schedule(transaction, due_times[start : start + _BATCH])
