"""Sending beside the work: while Kafka confirms one batch's alarms, the next batch is decided.

One send is on its way at a time; what is emitted meanwhile leaves as soon as it has arrived, without a
batch having waited for it, up to a bound. What is not with Kafka yet stays with its lane, so whatever fails
is sent again with the next one. Who needs the certainty (before states are stored, before a partition is
let go) asks for it with `finish`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import structlog

from services.scoring.core.events import ShadowDiffers
from services.scoring.lanes import Lane
from services.scoring.metrics import Metrics
from shared.contracts.alarms import AlarmEvent
from shared.contracts.readings import SensorHealth
from shared.contracts.topics import ALARMS, HEALTH
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, outbound_record
from shared.runtime.platform import Platform

log = structlog.get_logger("fenghuo.scoring.delivery")

_HEAD_START_S = 0.001
"""The next batch holds the event loop; by then the request is with Kafka, often confirmed already."""
_MOST_WAITING = 2_000
"""With more records waiting for the send before them, work waits too."""
_MOST_LETTERS = 500
"""So many dead letters of a lane leave at once: alarms do not wait behind a flood of them."""
Parcel = tuple[Lane, int, int]
"""A lane and how many of its first unsent and refused records are on their way."""


class Delivery:
    """Alarms, health and dead letters of all lanes, on their way to Kafka."""

    def __init__(self, platform: Platform, metrics: Metrics) -> None:
        self._platform = platform
        self._metrics = metrics
        self._on_its_way: asyncio.Task[None] | None = None
        self._arrival = asyncio.Event()

    async def begin(self, lanes: Collection[Lane]) -> None:
        """Send what these lanes have, after what is on its way; raises its Transient.

        While something is on its way that takes these along, this returns at once.
        """
        for lane in lanes:
            self._collect(lane)
        task = self._on_its_way
        if task is not None and not task.done():
            await asyncio.sleep(0)  # under a backlog nothing else lets it go on
            if not task.done() and _waiting(lanes) <= _MOST_WAITING:
                return
        await self.finish()
        if _waiting(lanes):
            self._on_its_way = asyncio.create_task(self._deliver_all(lanes))
            await asyncio.wait({self._on_its_way}, timeout=_HEAD_START_S)

    async def finish(self) -> None:
        """Return when nothing is on its way any more; raises Transient when it did not arrive."""
        task, self._on_its_way = self._on_its_way, None
        if task is not None:
            await task

    async def flush(self, lanes: Collection[Lane]) -> None:
        """Send all that these lanes have, what failed on its way once more; raises Transient."""
        try:
            await self.finish()
        except Transient as error:
            log.warning("send_again", error=str(error))
        await self.begin(lanes)
        await self.finish()

    async def arrived(self, lane: Lane) -> None:
        """Return when all that this lane has emitted so far is with Kafka; sends nothing itself."""
        sent, buried = lane.sent + len(lane.unsent), lane.buried + len(lane.refused)
        while lane.sent < sent or lane.buried < buried:
            await self._arrival.wait()

    async def _deliver_all(self, lanes: Collection[Lane]) -> None:
        while _waiting(lanes):
            await self._deliver(
                [(lane, len(lane.unsent), min(len(lane.refused), _MOST_LETTERS)) for lane in lanes]
            )

    async def _deliver(self, parcels: Sequence[Parcel]) -> None:
        records = [
            outbound_record for lane, count, _ in parcels for outbound_record in lane.unsent[:count]
        ]
        if records:
            await self._platform.publisher.send(records)
        for lane, count, _ in parcels:
            del lane.unsent[:count]
            lane.sent += count
        refused = [pair for lane, _, count in parcels for pair in lane.refused[:count]]
        if refused:
            await self._platform.dead_letters.send(refused)
        for lane, _, count in parcels:
            del lane.refused[:count]
            lane.buried += count
        arrival, self._arrival = self._arrival, asyncio.Event()
        arrival.set()

    def _collect(self, lane: Lane) -> None:
        for message in lane.partition.out:
            if isinstance(message, ShadowDiffers):
                self._metrics.shadow.labels(message.rule_id, _side(message.by)).inc()
            else:
                lane.unsent.append(self._outgoing(message))
        lane.partition.out.clear()

    def _outgoing(self, message: AlarmEvent | SensorHealth) -> OutboundRecord:
        if isinstance(message, AlarmEvent):
            self._metrics.alarms.labels(message.transition.value, message.status).inc()
            return outbound_record(ALARMS, message.alarm_id, message)
        self._metrics.health.labels(message.state.value, message.status).inc()
        return outbound_record(HEALTH, f"{message.status}:{message.sensor_id}", message)


def _waiting(lanes: Collection[Lane]) -> int:
    return sum(len(lane.unsent) + len(lane.refused) for lane in lanes)


def _side(by: int) -> str:
    return "agrees" if by == 0 else "higher" if by > 0 else "lower"
