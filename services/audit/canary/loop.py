"""The loop of the canary: one of the auditors makes round trips at every unit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import asyncpg
import structlog
from aiokafka.errors import KafkaError
from pydantic import SecretStr

from services.audit.canary.door import HIGH, LOW, CanaryReading, IngestDoor
from services.audit.canary.records import CanaryRecords
from services.audit.core.canary.acts import decisions, recall, signature
from services.audit.core.canary.chain import CalledAct, CanaryChain, RobotAct
from services.audit.watch.canary import Canary
from shared.contracts.alerts import AlertEvent
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.topics import ACKNOWLEDGEMENTS, ALERT_DECISIONS
from shared.runtime.clock import Clock
from shared.runtime.database import CLIENT_ERRORS
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, outbound_record
from shared.runtime.publisher import Publisher

log = structlog.get_logger("fenghuo.audit.canary")

_RETRY_S = 2.0
"""The time after which a process tries again to make the round trips."""
_ANSWER_S = 3.0
_LOCK = "SELECT pg_try_advisory_lock(hashtext('fenghuo.audit.canary'))"


class CanaryLoop:
    """Makes the round trips while this process has the lock; a lost connection ends both."""

    def __init__(
        self,
        canary: Canary,
        door: IngestDoor,
        publisher: Publisher,
        clock: Clock,
        *,
        dsn: SecretStr,
        bootstrap: str,
        interval_s: float,
    ) -> None:
        self._canary = canary
        self._door = door
        self._publisher = publisher
        self._clock = clock
        self._dsn = dsn
        self._bootstrap = bootstrap
        self._interval_s = interval_s

    async def run(self) -> None:
        """Make round trips for ever; an outage ends only those under way."""
        while True:
            try:
                async with self._connected() as connection:
                    await self._lead(connection)
            except (
                *(KafkaError, Transient, OSError, TimeoutError),
                *CLIENT_ERRORS,
            ) as error:
                log.warning("canary_interrupted", error=repr(error))
            finally:
                self._canary.follow()
            await asyncio.sleep(_RETRY_S)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        """Connect by a session of its own: the lock ends with it."""
        connection = await asyncpg.connect(self._dsn.get_secret_value(), timeout=_ANSWER_S)
        try:
            yield connection
        finally:
            connection.terminate()

    async def _lead(self, connection: asyncpg.Connection) -> None:
        if not await connection.fetchval(_LOCK, timeout=_ANSWER_S):
            return
        async with CanaryRecords(self._bootstrap) as records:
            self._canary.lead()
            log.info("canary_leads", units=[chain.unit for chain in self._canary.chains])
            begin_at = time.monotonic()
            while True:
                if time.monotonic() >= begin_at:
                    begin_at = time.monotonic() + self._interval_s
                    await connection.fetchval("SELECT 1", timeout=_ANSWER_S)
                    await asyncio.gather(*(self._begin(chain) for chain in self._canary.chains))
                for message in await records.records():
                    for chain in self._canary.chains:
                        received_s = chain.received_s
                        acts = chain.observe(message, time.monotonic())
                        if chain.received_s != received_s:
                            self._count_success(chain)
                        await self._perform(chain, acts)

    async def _begin(self, chain: CanaryChain) -> None:
        """Begin a round trip: the reading falls first, whatever the last one has left."""
        now = self._clock.now()
        name = f"{chain.unit}-{int(now.timestamp() * 1000)}"
        acts = chain.begin(f"{name}-1", time.monotonic())
        if chain.missed is not None:
            stage = chain.missed.name.lower()
            log.warning("canary_missed", unit=chain.unit, stage=stage)
            self._canary.metrics.missed.labels(chain.tier, stage).inc()
        await self._perform(chain, acts)
        before = now - timedelta(milliseconds=1)
        if await self._door.send(
            CanaryReading(f"{name}-0", chain.sensor_id, LOW, before),
            CanaryReading(f"{name}-1", chain.sensor_id, HIGH, now),
        ):
            chain.accept()

    async def _perform(self, chain: CanaryChain, acts: Sequence[CalledAct]) -> None:
        now = self._clock.now()
        records = [record for act in acts for record in _records_of(act, now)]
        if records:
            await self._publisher.send(records)
        if any(act is RobotAct.FALL for act, _ in acts):
            name = f"{chain.unit}-{int(now.timestamp() * 1000)}-2"
            await self._door.send(CanaryReading(name, chain.sensor_id, LOW, now))

    def _count_success(self, chain: CanaryChain) -> None:
        metrics = self._canary.metrics
        metrics.round_trips.labels(chain.tier).observe(chain.duration_s)
        at = self._clock.now().timestamp()
        metrics.last_success.labels(chain.tier, chain.unit).set(at)


def _records_of(act: CalledAct, now: datetime) -> list[OutboundRecord]:
    match act:
        case RobotAct.DECIDE, AlertEvent() as alert:
            acts = decisions(alert, now)
            return [outbound_record(ALERT_DECISIONS, alert.alert_id, act) for act in acts]
        case RobotAct.RECALL, AlertEvent() as alert:
            return [outbound_record(ALERT_DECISIONS, alert.alert_id, recall(alert, now))]
        case RobotAct.SIGN, AssignmentEvent() as assignment:
            signed = signature(assignment, now)
            return [outbound_record(ACKNOWLEDGEMENTS, signed.command_id, signed)]
        case _:
            return []
