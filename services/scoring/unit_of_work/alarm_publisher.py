"""Publish beside the evaluation: while Kafka confirms the alarms of a batch, the next is evaluated.

One send is under way at a time. Records emitted meanwhile leave when it has arrived; no batch waits
for that, up to a bound. A record that Kafka has not confirmed stays with its partition: a failed
record is sent again with the next send. Callers that need certainty (before states are stored,
before a partition is released) wait for it with `wait`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import structlog

from services.scoring.core.alarms.emitter import ShadowDiffers
from services.scoring.metrics import ScoringMetrics
from services.scoring.unit_of_work.partition_state import PartitionState
from shared.contracts.alarms import AlarmEvent
from shared.contracts.readings import SensorHealth
from shared.contracts.topics import ALARMS, SENSOR_HEALTH
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, outbound_record
from shared.runtime.platform import Platform

log = structlog.get_logger("fenghuo.scoring.alarm_publisher")

_HEAD_START_S = 0.001
"""The next batch blocks the event loop; by then Kafka has the request and has often confirmed."""
_MOST_QUEUED = 2_000
"""With more records queued for the next send, the evaluation waits."""
_MOST_LETTERS = 500
"""At most this many dead letters of a partition leave at once: alarms must not wait for a flood."""
Parcel = tuple[PartitionState, int, int]
"""A partition, and how many of its first unsent and refused records are under way."""


class AlarmPublisher:
    """Sends alarms, sensor health and dead letters of all partitions to Kafka."""

    def __init__(self, platform: Platform, metrics: ScoringMetrics) -> None:
        self._platform = platform
        self._metrics = metrics
        self._sending: asyncio.Task[None] | None = None
        self._arrival = asyncio.Event()

    async def start(self, partitions: Collection[PartitionState]) -> None:
        """Send the records of these partitions after the send under way; raises Transient.

        Returns at once while a send is under way that will take these records along.
        """
        for partition in partitions:
            self._collect(partition)
        task = self._sending
        if task is not None and not task.done():
            await asyncio.sleep(0)  # under a backlog nothing else lets the task continue
            if not task.done() and _queued(partitions) <= _MOST_QUEUED:
                return
        await self.wait()
        if _queued(partitions):
            self._sending = asyncio.create_task(self._send_all(partitions))
            await asyncio.wait({self._sending}, timeout=_HEAD_START_S)

    async def wait(self) -> None:
        """Return when no send is under way; raises Transient when the last send failed."""
        task, self._sending = self._sending, None
        if task is not None:
            await task

    async def flush(self, partitions: Collection[PartitionState]) -> None:
        """Send all records of these partitions, a failed send once more; raises Transient."""
        try:
            await self.wait()
        except Transient as error:
            log.warning("send_again", error=str(error))
        await self.start(partitions)
        await self.wait()

    async def wait_for(self, partition: PartitionState) -> None:
        """Return when Kafka has all present records of this partition; send nothing."""
        sent = partition.sent + len(partition.unsent)
        dead_lettered = partition.dead_lettered + len(partition.refused)
        while partition.sent < sent or partition.dead_lettered < dead_lettered:
            await self._arrival.wait()

    async def _send_all(self, partitions: Collection[PartitionState]) -> None:
        while _queued(partitions):
            await self._send(
                [
                    (partition, len(partition.unsent), min(len(partition.refused), _MOST_LETTERS))
                    for partition in partitions
                ]
            )

    async def _send(self, parcels: Sequence[Parcel]) -> None:
        records = [record for partition, count, _ in parcels for record in partition.unsent[:count]]
        if records:
            await self._platform.publisher.send(records)
        for partition, count, _ in parcels:
            del partition.unsent[:count]
            partition.sent += count
        refused = [pair for partition, _, count in parcels for pair in partition.refused[:count]]
        if refused:
            await self._platform.dead_letters.send(refused)
        for partition, _, count in parcels:
            del partition.refused[:count]
            partition.dead_lettered += count
        arrival, self._arrival = self._arrival, asyncio.Event()
        arrival.set()

    def _collect(self, partition: PartitionState) -> None:
        for message in partition.engine.messages:
            if isinstance(message, ShadowDiffers):
                self._metrics.shadow.labels(message.rule_id, _comparison(message.by)).inc()
            else:
                partition.unsent.append(self._outgoing(message))
        partition.engine.messages.clear()

    def _outgoing(self, message: AlarmEvent | SensorHealth) -> OutboundRecord:
        if isinstance(message, AlarmEvent):
            self._metrics.alarms.labels(message.transition.value, message.status).inc()
            return outbound_record(ALARMS, message.alarm_id, message)
        self._metrics.health.labels(message.state.value, message.status).inc()
        return outbound_record(SENSOR_HEALTH, f"{message.status}:{message.sensor_id}", message)


def _queued(partitions: Collection[PartitionState]) -> int:
    return sum(len(partition.unsent) + len(partition.refused) for partition in partitions)


def _comparison(by: int) -> str:
    return "agrees" if by == 0 else "higher" if by > 0 else "lower"
