"""Refused acts are written to the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from services.console.core.action_record import ActionRecord
from services.console.store.action_log import KeyedRequest
from shared.contracts.topics import REFUSALS
from shared.domain.refusal_log import RefusalLog
from shared.runtime.errors import Transient

_REFUSALS = 100
"""Most refusals that are written at once."""
_WRITE_EVERY_S = 1


class RefusalWriter:
    """Writes refused acts to the audit trail every second.

    Few are written at a time, since real acts share the way to Kafka and go first.
    """

    def __init__(
        self,
        refusals: RefusalLog,
        record: Callable[[ActionRecord, KeyedRequest | None], Awaitable[bool]],
        now: Callable[[], datetime],
    ) -> None:
        self._refusals = refusals
        self._record = record
        self._now = now
        self._unwritten: list[ActionRecord] = []

    async def write(self) -> None:
        """Write the refusals that are due; failed ones are repeated unchanged before new ones."""
        if not self._unwritten:
            self._unwritten = [
                ActionRecord(REFUSALS, record.actor, record, record.actor)
                for record in self._refusals.due(self._now(), _REFUSALS)
            ]
        acts = self._unwritten
        results = await asyncio.gather(
            *(self._record(act, None) for act in acts), return_exceptions=True
        )
        self._unwritten = [
            act for act, result in zip(acts, results, strict=True) if isinstance(result, Transient)
        ]
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, Transient):
                raise result

    async def run(self) -> None:
        """Write refusals for ever, also after outages of Kafka and of the database."""
        while True:
            await self.write()
            await asyncio.sleep(_WRITE_EVERY_S)
