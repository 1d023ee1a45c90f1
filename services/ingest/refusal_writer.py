"""Refused attempts of sources are written to their topic: for the trail, and for the source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from shared.contracts.fields import cleaned
from shared.contracts.refusals import Refusal, SourceRefusal
from shared.contracts.topics import SOURCE_REFUSALS
from shared.domain.refusal_log import RefusalLog, RefusedAttempt
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, outbound_record
from shared.runtime.platform import Platform

log = structlog.get_logger("fenghuo.ingest.refusals")

_MOST = 100
"""Most refusals that are written at once."""
_WRITE_EVERY_S = 1
_LONGEST = 200


class SourceRefusalWriter:
    """Writes what is due every second; what Kafka has not confirmed is sent again unchanged."""

    def __init__(
        self, platform: Platform, refusals: RefusalLog, now: Callable[[], datetime]
    ) -> None:
        self._platform = platform
        self._refusals = refusals
        self._now = now
        self._unwritten: list[OutboundRecord] = []

    async def write(self) -> None:
        """Write the refusals that are due."""
        if not self._unwritten:
            self._unwritten = [
                outbound_record(SOURCE_REFUSALS, refused.actor, _of_source(refused, attempt))
                for refused, attempt in self._refusals.due_with_attempts(self._now(), _MOST)
            ]
        if self._unwritten:
            await self._platform.publisher.send(self._unwritten)
            self._unwritten = []

    async def run(self) -> None:
        """Write refusals for ever, also after outages of Kafka."""
        while True:
            try:
                await self.write()
            except Transient as error:
                log.warning("refusals_unwritten", error=str(error))
            await asyncio.sleep(_WRITE_EVERY_S)


def _of_source(refused: Refusal, attempt: RefusedAttempt) -> SourceRefusal:
    return SourceRefusal(
        **refused.model_dump(exclude={"type", "actor", "place", "address"}),
        source=refused.actor,
        problem=attempt.problem or None,
        detail=cleaned(attempt.detail)[:_LONGEST] or None,
    )
