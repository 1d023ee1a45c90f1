"""Ticks of scoring, in the partitions to which no ingest writes ticks.

Only ticks move the clock that decides about silence. Where the clock of an own partition stands,
this process continues the clock, so that silence is found without any ingest. The log then has
these ticks for every reader, and a restart decides alike. The machine's clock decides nothing here:
the time continues by the monotonic clock, and by Kafka's time of the last written tick. A clock far
from the present is that of a replay, and stands for as long as the replay does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from services.scoring.core.partition_engine import PartitionEngine
from services.scoring.metrics import ScoringMetrics
from shared.contracts.topics import READINGS
from shared.domain.ticks import make_tick
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, encode
from shared.runtime.platform import Platform

log = structlog.get_logger("fenghuo.scoring.ticks")

PATIENCE_S = 5.0
"""Ingest writes two ticks a second; a clock that stands so long has no ingest."""
PRESENT_S = 6 * 3600.0
"""A clock that is further from the machine's clock is that of a replay."""
_CHECK_S = 1.0
TROUBLE_S = 3 * PATIENCE_S
"""After this time without an own tick of a partition, ingest writes ticks again."""
FindEngine = Callable[[int], PartitionEngine | None]
"""Returns the engine of a partition, None while another process owns the partition."""


class StandingClock:
    """The clock of one partition of the log, and how long it has stood."""

    def __init__(self) -> None:
        self._clock: float | None = None
        self._since_s = 0.0

    def standing_s(self, clock: float | None, monotonic_s: float) -> float:
        """Return how long the clock of the partition has been the same; None: not ours."""
        if clock is None or clock != self._clock:
            self._clock, self._since_s = clock, monotonic_s
        return monotonic_s - self._since_s


class SubstituteTicks:
    """Writes ticks to own partitions while nobody else does."""

    def __init__(
        self, platform: Platform, find_engine: FindEngine, metrics: ScoringMetrics
    ) -> None:
        self._platform = platform
        self._find_engine = find_engine
        self._metrics = metrics
        self._clocks = [StandingClock() for _ in range(READINGS.partitions)]
        self._kafka_time: tuple[float, float] | None = None
        """Kafka's time of the last tick, and the monotonic time of its confirmation."""
        self._written: dict[int, float] = {}
        """The monotonic time of the last own tick by partition."""

    async def run(self) -> None:
        """Look after every partition for ever; an unconfirmed tick delays no other partition."""
        async with asyncio.TaskGroup() as group:
            for number in range(READINGS.partitions):
                group.create_task(self._watch(number))

    async def _watch(self, number: int) -> None:
        while True:
            await asyncio.sleep(_CHECK_S)
            at = self.time_due(number, time.monotonic())
            if at is None:
                continue
            try:
                await self._write(number, at)
            except Transient as error:
                log.warning("tick_failed", partition=number, error=str(error))
            await asyncio.sleep(PATIENCE_S)

    def trouble(self) -> str | None:
        """Return the number of partitions without ticks of ingest in words, None for zero."""
        now = time.monotonic()
        count = sum(now - written < TROUBLE_S for written in self._written.values())
        if count == 0:
            return None
        return f"ingest writes no ticks in {count} partitions of the readings: scoring writes them"

    def time_due(self, number: int, monotonic_s: float) -> float | None:
        """Return the time of the tick that is due in a partition, None for no tick."""
        engine = self._find_engine(number)
        clock = None if engine is None else engine.clock
        standing_s = self._clocks[number].standing_s(clock, monotonic_s)
        if engine is None or standing_s < PATIENCE_S:
            return None
        proven = engine.proven_clock
        if abs(self._platform.clock.now().timestamp() - proven) > PRESENT_S:
            return None
        if self._kafka_time is None:
            return proven + standing_s
        recorded_at, confirmed_s = self._kafka_time
        return recorded_at + monotonic_s - confirmed_s

    async def _write(self, number: int, at: float) -> None:
        tick = make_tick(number, datetime.fromtimestamp(at, UTC))
        record = OutboundRecord(READINGS.name, None, encode(tick), number)
        [record_time_ms] = await self._platform.publisher.send([record])
        self._written[number] = time.monotonic()
        self._kafka_time = record_time_ms / 1000, self._written[number]
        self._metrics.ticks.inc()
        log.warning("no_ticks_of_ingest", partition=number)
