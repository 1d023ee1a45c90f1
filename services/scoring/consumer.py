"""Scoring's edge: records in, core, alarms and states out, in the one order that survives a crash.

    alarms, health and dead letters  ->  changed states  ->  checkpoint        (each awaited)

Alarms are sent while the next batch is decided (delivery.py), states are stored beside it (storing.py), but
only after all that was emitted before has arrived. So a batch that `handle` has returned from is not done for good, but what
lies before the checkpoint is, and nothing else decides where a restart begins. What was emitted stays
with its lane until Kafka has it: when sending fails, the batch at hand comes again, its records are
skipped as applied, and what is left is sent first. A partition taken away in that moment is simply
forgotten; its next owner replays from the checkpoint and emits the same ids.

Tables change at a boundary (`at_boundary`): all that was judged by the old ones is stored, then they
change, then the checkpoint says so, then the group confirms that the partition is still of this process
(whoever owns it later has read that checkpoint), then the next reading is judged. After a crash the input
that may have been judged already, is judged as the checkpoint's tables say. A process that has lost its
partitions forgets them and stores nothing.

Locks: the consumer calls `restore`, `handle` and `release` one at a time; `store_when_idle` and tables
that change run beside them. All take `_lock`, and nothing waits for the consumer while holding it.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from services.scoring import store
from services.scoring.core.book import RuleBook
from services.scoring.core.partition import Outcome
from services.scoring.delivery import Delivery
from services.scoring.lanes import Lane
from services.scoring.loop import Refusals, work_through
from services.scoring.metrics import Metrics
from services.scoring.pinning import judges_of
from services.scoring.settings import Settings
from services.scoring.storing import Storing
from services.scoring.tables import Tables
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import READINGS
from shared.fastpath.loader import form
from shared.runtime.errors import Transient
from shared.runtime.platform import Platform
from shared.runtime.record_runs import runs_of

log = structlog.get_logger("fenghuo.scoring")

_MOST_CHANGED = 4
"""With so many times `flush_states` changed, or MOST_AHEAD records not stored, work waits for storing."""
Confirm = Callable[[], Awaitable[None]]
"""Returns when the partitions are still of this process; raises LostOwnership or Transient."""
Read = Callable[[str, Sequence[int]], Awaitable[dict[int, store.Stored]]]
"""Reads the changelog of some partitions to its end: bootstrap, partition numbers."""


class ScoringWorker:
    """A Worker (shared.runtime.partition_consumer) whose state is the changelog."""

    def __init__(
        self,
        platform: Platform,
        settings: Settings,
        book: RuleBook,
        tables: Tables,
        metrics: Metrics,
        read: Read = store.read,
    ) -> None:
        self._platform = platform
        self._settings = settings
        self._read = read
        self._book = book
        self._tables = tables
        self._metrics = metrics
        metrics.rules.set_function(lambda: len(book))
        metrics.sensors.set_function(lambda: book.sensors)
        log.info("engine", form=form())
        self._delivery = Delivery(platform, metrics)
        self._storing = Storing(platform, metrics, self._delivery, settings.flush_interval_s)
        self._lock = asyncio.Lock()
        self._lanes: dict[int, Lane] = {}
        self._unconfirmed = False
        self.confirm: Confirm | None = None
        """Set once there is a group to ask; without one this process is alone."""

    async def restore(self, assigned: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Load states and checkpoints; raises Transient."""
        began = time.monotonic()
        async with self._lock:
            numbers = [tp.partition for tp in assigned]
            result = await self._read(self._settings.kafka_bootstrap, numbers)
            read_s = time.monotonic() - began
            now = self._platform.clock.now().timestamp()
            judges = await judges_of(result, self._book, self._tables, now)
            for number, stored in result.items():
                lane = self._lanes[number] = await Lane.of(number, judges[number], stored)
                lane.plan_first(time.monotonic(), self._settings.flush_interval_s)
            offsets = {tp: self._lanes[tp.partition].stored_offset for tp in assigned}
        gc.collect()
        gc.freeze()  # states live long: looking through a million of them again and again is waste
        took = time.monotonic() - began
        self._metrics.restore_s.set(took)
        states = sum(len(self._lanes[number].partition.states) for number in numbers)
        log.info(
            "restored",
            partitions=len(numbers),
            states=states,
            seconds=round(took, 3),
            reading_s=round(read_s, 3),
        )
        return {tp: offset for tp, offset in offsets.items() if offset}

    async def handle(self, records: list[ConsumerRecord]) -> None:
        """Apply what is new, send what follows from it, store states when it is time."""
        async with self._lock:
            await self._settle_pins()
            began = time.perf_counter()
            now = self._platform.clock.now()
            outcomes: Counter[Outcome] = Counter()
            applied = bugs = 0
            for run in runs_of(records):
                lane = self._lanes[run.partition]
                new = run.since(lane.partition.next_offset)  # the batch may come a second time
                if new is not None:
                    refused: Refusals = []
                    applied += new.count
                    outcomes += work_through(lane.partition, new, now, refused)
                    bugs += sum(why.reason is Reason.HANDLER_ERROR for _, why in refused)
                    lane.refused += refused
            for name, count in outcomes.items():
                self._metrics.readings.labels(name.value).inc(count)
            self._platform.metrics.duplicates.labels(READINGS.name).inc(outcomes[Outcome.DUPLICATE])
            decided = time.perf_counter()
            await self._delivery.begin(self._lanes.values())
            self._metrics.busy_s.labels("decide").inc(decided - began)
            self._metrics.busy_s.labels("publish").inc(time.perf_counter() - decided)
            self._begin_storing()
            await self._store(
                [lane for lane in self._lanes.values() if bugs or self._too_far(lane)]
            )
            # Only bugs of ours count, and only when their letters and the checkpoint are with Kafka:
            # no sender can end the process, and no restart meets the same records again.
            self._platform.dead_letters.account(applied, bugs)

    async def release(self, revoked: Sequence[TopicPartition]) -> None:
        """Store what is not stored, then forget; raises Transient when it could not be stored."""
        async with self._lock:
            lanes = [
                lane for tp in revoked if (lane := self._lanes.pop(tp.partition, None)) is not None
            ]
            try:
                await self._store(lanes, final=True)
            finally:
                self._storing.forget(lanes)

    async def forget(self, lost: Sequence[TopicPartition]) -> None:
        """Give up partitions that are another process's already: nothing more of them is sent or stored."""
        async with self._lock:
            lanes = [
                lane for tp in lost if (lane := self._lanes.pop(tp.partition, None)) is not None
            ]
            self._storing.forget(lanes)
            for lane in lanes:
                lane.give_up()

    async def store_when_idle(self) -> None:
        """Background loop: store what the last batch left behind when no further one comes."""
        while True:
            await asyncio.sleep(self._settings.flush_interval_s / 2)
            try:
                async with self._lock:
                    await self._delivery.flush(self._lanes.values())
                    self._begin_storing()
            except Transient as error:
                log.warning("store_retry", error=str(error))

    @asynccontextmanager
    async def at_boundary(self) -> AsyncIterator[None]:
        """Change the tables within: between two records, with all before them stored.

        Raises Transient, before the change, when that cannot be stored.
        """
        async with self._lock:
            lanes = list(self._lanes.values())
            await self._store(lanes)
            yield
            positions = self._tables.positions()
            for lane in lanes:
                if lane.pinned_until is None:
                    lane.pins = positions

    async def _settle_pins(self) -> None:
        """Bring partitions under the present tables that have judged again what was judged before."""
        done = [
            lane
            for lane in self._lanes.values()
            if lane.pinned_until is not None and lane.partition.next_offset >= lane.pinned_until
        ]
        if done:
            await self._store(done)
            for lane in done:
                lane.judged_by(self._book, self._tables.positions())
        changed = [lane for lane in self._lanes.values() if lane.pins != lane.stored_pins]
        self._unconfirmed = self._unconfirmed or bool(changed)
        await self._store(changed)
        if self._unconfirmed:
            if self.confirm is not None:
                await self.confirm()
            self._unconfirmed = False

    async def _store(self, lanes: Collection[Lane], *, final: bool = False) -> None:
        """Send and store all that these lanes have, and wait for it; `final` = they are let go.

        Raises Transient.
        """
        if lanes:
            await self._delivery.flush(lanes)
            await self._storing.now(lanes, final=final)

    def _begin_storing(self) -> None:
        for lane in self._due():
            self._storing.begin(lane, len(self._lanes))
        self._metrics.states.set(sum(len(lane.partition.states) for lane in self._lanes.values()))

    def _due(self) -> list[Lane]:
        """Lanes whose states are to be stored now."""
        now, most = time.monotonic(), self._settings.flush_states
        return [
            lane
            for lane in self._lanes.values()
            if not self._storing.busy(lane)
            and (now >= lane.due_at or len(lane.partition.dirty) >= most)
        ]

    def _too_far(self, lane: Lane) -> bool:
        """Whether storing beside the work does not keep up with it."""
        most = _MOST_CHANGED * self._settings.flush_states
        return lane.ahead >= store.MOST_AHEAD or len(lane.partition.dirty) >= most
