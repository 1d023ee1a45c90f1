"""Storing beside the work: the states of a partition in slices, then its checkpoint, while readings go on.

A store begins with a cut: what has changed so far, and the checkpoint of that moment. States are encoded a
few at a time, each as it is then and with the offset that it holds up to then; so one may be ahead of the
checkpoint, and what is read again after a crash is skipped by it. They leave when everything that was
emitted before the last of them was encoded is with Kafka; the checkpoint leaves after them. What fails is
marked as changed again. They have a producer of their own, so that no alarm waits for their acknowledgement.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence

import structlog

from services.scoring import store
from services.scoring.core.state import SensorState
from services.scoring.delivery import Delivery
from services.scoring.lanes import Lane
from services.scoring.metrics import Metrics
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.platform import Platform

log = structlog.get_logger("fenghuo.scoring.storing")

_SLICE = 20
"""States encoded in one turn of the event loop: about 0.3 ms, in which no reading is judged."""
_TURNS = 64
"""Most turns for one store: under a backlog every turn waits for a batch."""
_AT_ONCE = 2_000
"""Records handed to the producer in one turn."""


class Storing:
    """At most one store per lane is under way."""

    def __init__(
        self, platform: Platform, metrics: Metrics, delivery: Delivery, interval_s: float
    ) -> None:
        self._platform = platform
        self._publisher = platform.add_publisher()
        self._metrics = metrics
        self._delivery = delivery
        self._interval_s = interval_s
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def begin(self, lane: Lane, lanes: int) -> None:
        """Store a lane, one of so many, beside the work, unless that is being done."""
        if not self.busy(lane):
            task = self._store(lane, lanes, final=False)
            self._under_way[lane.number] = asyncio.create_task(task)

    def busy(self, lane: Lane) -> bool:
        """Whether a store of this lane is under way; raises what ended the last one, but for Transient."""
        task = self._under_way.get(lane.number)
        if task is None:
            return False
        if not task.done():
            return True
        del self._under_way[lane.number]
        try:
            task.result()
        except Transient as error:
            log.warning("store_retry", partition=lane.number, error=str(error))
        return False

    async def now(self, lanes: Collection[Lane], *, final: bool = False) -> None:
        """Store these lanes and return when it is done; raises Transient.

        All they have emitted must be with Kafka, and nothing may be judged meanwhile.
        """
        for lane in lanes:
            if (task := self._under_way.get(lane.number)) is not None:
                await asyncio.wait({task})
                self.busy(lane)
        stores = (self._store(lane, len(lanes), final=final) for lane in lanes)
        # When one fails the others still end before anybody begins anew.
        for failed in await asyncio.gather(*stores, return_exceptions=True):
            if failed is not None:
                raise failed

    def forget(self, lanes: Collection[Lane]) -> None:
        """What is under way for these lanes is of no use any more."""
        for lane in lanes:
            if (task := self._under_way.pop(lane.number, None)) is not None:
                task.cancel()

    async def _store(self, lane: Lane, lanes: int, *, final: bool) -> None:
        began = time.monotonic()
        partition = lane.partition
        states, gone = partition.dirty, partition.gone
        partition.dirty, partition.gone = [], []
        owed = final or lane.owes_checkpoint
        written_at = self._platform.clock.now().timestamp()
        checkpoint = lane.checkpoint(written_at, final=final) if owed else None
        records = [store.tombstone_record(lane.number, key) for key in gone]
        try:
            await self._encode(lane, states, records)
            await self._delivery.arrived(lane)
            for first in range(0, len(records), _AT_ONCE):
                await self._publisher.send(records[first : first + _AT_ONCE])
        except BaseException:
            partition.gone[:0] = gone
            _mark_again(lane, states, len(records) - len(gone))
            raise
        if checkpoint is not None:
            await self._publisher.send([store.checkpoint_record(lane.number, checkpoint)])
            lane.checkpointed(checkpoint)
        ended = time.monotonic()
        lane.plan_next(ended, ended - began, lanes, self._interval_s)
        if owed:
            self._metrics.states_stored.inc(len(records))
            self._metrics.flush_s.observe(ended - began)

    async def _encode(
        self, lane: Lane, states: Sequence[SensorState], records: list[OutboundRecord]
    ) -> None:
        size = max(_SLICE, len(states) // _TURNS)
        for first in range(0, len(states), size):
            if first:
                await asyncio.sleep(0)
            began = time.perf_counter()
            # They hold for all input so far, not just up to their own last reading: ticks count.
            applied = lane.partition.next_offset - 1
            for state in states[first : first + size]:
                state.applied = applied
                state.dirty = False
                records.append(store.state_record(lane.number, state))
            self._metrics.busy_s.labels("store").inc(time.perf_counter() - began)


def _mark_again(lane: Lane, states: Sequence[SensorState], encoded: int) -> None:
    for state in states[:encoded]:
        lane.partition.mark(state)
    lane.partition.dirty += states[encoded:]  # still marked, and in no list
