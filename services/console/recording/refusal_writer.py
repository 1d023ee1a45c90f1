"""Refused acts are written to the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from services.console.core.action_record import ActionRecord
from services.console.core.refusal_log import RefusalLog
from services.console.store.action_log import KeyedRequest
from shared.runtime.errors import Transient

_REFUSALS = 100
"""Most refused acts written at once."""
_WRITE_EVERY_S = 1


class RefusalWriter:
    """Hands refused acts to the trail every second, a few at a time: the acts of the day go before them."""

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
        """Write what is due; what cannot be written now is tried again, unchanged, before anything else."""
        if not self._unwritten:
            self._unwritten = list(self._refusals.due(self._now(), _REFUSALS))
        acts = self._unwritten
        done = await asyncio.gather(
            *(self._record(act, None) for act in acts), return_exceptions=True
        )
        self._unwritten = [
            act for act, why in zip(acts, done, strict=True) if isinstance(why, Transient)
        ]
        for why in done:
            if isinstance(why, BaseException) and not isinstance(why, Transient):
                raise why

    async def run(self) -> None:
        """Background loop; survives outages of Kafka and of the database."""
        while True:
            await self.write()
            await asyncio.sleep(_WRITE_EVERY_S)
