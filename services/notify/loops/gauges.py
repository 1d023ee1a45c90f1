"""The gauges of open and exhausted escalations."""

from __future__ import annotations

import asyncio

import structlog

from services.notify.core.escalation.states import EscalationState
from services.notify.metrics import NotifyMetrics
from services.notify.store import escalations
from shared.contracts.fields import Status
from shared.runtime.database import Database
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.notify")

_INTERVAL_S = 2.0


class EscalationGauges:
    """Sets the gauges to the numbers in the database."""

    def __init__(self, database: Database, metrics: NotifyMetrics) -> None:
        self._database = database
        self._metrics = metrics

    async def run(self) -> None:
        """Background loop, every 2 s."""
        while True:
            try:
                async with self._database.transaction() as transaction:
                    counts = await escalations.count_live(transaction)
            except Transient as error:
                log.warning("gauges_retry", error=str(error))
            else:
                for state in (EscalationState.OPEN, EscalationState.EXHAUSTED):
                    for status in Status:
                        count = counts.get((state, status), 0)
                        self._metrics.escalations.labels(state, status).set(count)
            await asyncio.sleep(_INTERVAL_S)
