"""`sensing.readings.v1`: readings and ticks of the partitions of this process.

Records come in, the engine decides, and alarms and states go out in the order required to survive a
crash, each step confirmed by Kafka:

    alarms, health and dead letters  ->  changed states  ->  checkpoint

Alarms are sent while the next batch is evaluated (unit_of_work/alarm_publisher.py). States are
stored beside the evaluation (unit_of_work/checkpoint_writer.py), but only when Kafka has all
earlier messages. The return of `handle` therefore does not make a batch final; the checkpoint does,
and the checkpoint alone decides where a restart begins. Emitted records stay with their partition
until Kafka has confirmed. When a send fails, the batch comes again, applied records are skipped,
and the unsent records are sent first. A partition revoked in this moment is forgotten; the next
owner replays from the checkpoint and emits equal ids.

Tables change at a boundary (`at_boundary`): the results of the old tables are stored; the tables
change; a checkpoint states the change; the group confirms the ownership of this process (a later
owner has read this checkpoint); then the next reading is evaluated. After a crash, input with a
possible evaluation before the crash is evaluated by the tables of the checkpoint. A process without
its partitions forgets their states and stores nothing.

Locks: the consumer calls `restore`, `handle` and `release` one at a time; `store_when_idle` and
changes of tables run in parallel. All take `_lock`, and no holder of the lock waits for the
consumer.
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

from services.scoring.core.partition_engine import PartitionEngine, ReadingOutcome
from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.fastpath.loop import Refusals, process_run
from services.scoring.metrics import ScoringMetrics
from services.scoring.settings import Settings
from services.scoring.store import changelog
from services.scoring.store.tables import Tables
from services.scoring.unit_of_work.alarm_publisher import AlarmPublisher
from services.scoring.unit_of_work.checkpoint_writer import CheckpointWriter
from services.scoring.unit_of_work.partition_state import PartitionState
from services.scoring.unit_of_work.pinned_tables import pinned_tables
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import READINGS
from shared.fastpath.loader import form
from shared.runtime.errors import BlockedPartition, Transient
from shared.runtime.platform import Platform
from shared.runtime.record_runs import runs_of
from shared.runtime.stored_offsets import StoredOffset

log = structlog.get_logger("fenghuo.scoring")

_MOST_CHANGED = 4
"""The evaluation waits for a store at this multiple of `flush_states`, or at MOST_UNSTORED."""
Confirm = Callable[[], Awaitable[None]]
"""Returns when this process still owns the partitions; raises LostOwnership or Transient."""
ReadChangelog = Callable[[str, Sequence[int]], Awaitable[dict[int, changelog.StoredPartition]]]
"""Reads the changelog of some partitions to its end: bootstrap address, partition numbers."""


class ReadingsWorker:
    """A Worker (shared.runtime.partition_consumer) whose state is the changelog."""

    def __init__(
        self,
        platform: Platform,
        settings: Settings,
        registry: RuleRegistry,
        tables: Tables,
        metrics: ScoringMetrics,
        read_changelog: ReadChangelog = changelog.read,
    ) -> None:
        self._platform = platform
        self._settings = settings
        self._read_changelog = read_changelog
        self._registry = registry
        self._tables = tables
        self._metrics = metrics
        metrics.rules.set_function(lambda: len(registry))
        metrics.sensors.set_function(lambda: registry.sensors)
        log.info("engine", form=form())
        self._alarms = AlarmPublisher(platform, metrics)
        self._checkpoints = CheckpointWriter(
            platform, metrics, self._alarms, settings.flush_interval_s
        )
        self._lock = asyncio.Lock()
        self._partitions: dict[int, PartitionState] = {}
        self._unconfirmed = False
        self.confirm: Confirm | None = None
        """Set once there is a consumer group; without a group this process is alone."""

    async def restore(
        self, assigned: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, StoredOffset]:
        """Load states and checkpoints; return the offsets to continue from. Raises Transient."""
        began = time.monotonic()
        async with self._lock:
            numbers = [tp.partition for tp in assigned]
            stored = await self._read_changelog(self._settings.kafka_bootstrap, numbers)
            read_s = time.monotonic() - began
            now = self._platform.clock.now().timestamp()
            tables = await pinned_tables(stored, self._registry, self._tables, now)
            for number, stored_partition in stored.items():
                partition = await PartitionState.restored(number, tables[number], stored_partition)
                partition.schedule_first_store(time.monotonic(), self._settings.flush_interval_s)
                self._partitions[number] = partition
            offsets = {tp: self._partitions[tp.partition].position for tp in assigned}
        gc.collect()
        gc.freeze()  # states live long: the collector need not visit a million of them each time
        seconds = time.monotonic() - began
        self._metrics.restore_s.set(seconds)
        log.info(
            "restored",
            partitions=len(numbers),
            states=sum(len(self._partitions[number].engine.states) for number in numbers),
            seconds=round(seconds, 3),
            reading_s=round(read_s, 3),
        )
        return {tp: stored for tp, stored in offsets.items() if stored.next_offset}

    def stored(self, partition: TopicPartition) -> StoredOffset | None:
        """Return the present offset of a partition, None where it is not restored."""
        state = self._partitions.get(partition.partition)
        return None if state is None else state.position

    async def move(self, partition: TopicPartition, target: StoredOffset) -> None:
        """Continue at another offset, with all earlier results stored; raises Transient."""
        async with self._lock:
            state = self._partitions[partition.partition]
            if not state.is_moved:  # True after an attempt that has failed
                await self._store([state])
            is_back = target.next_offset < max(state.engine.next_offset, state.stored_offset)
            state.move(target)
            if is_back:
                state.use_tables(self._registry, self._tables.positions())
                await self._checkpoints.rewind(state)
            else:
                await self._store([state])

    def find_engine(self, number: int) -> PartitionEngine | None:
        """Return the engine of a partition, None while another process owns the partition."""
        partition = self._partitions.get(number)
        return None if partition is None else partition.engine

    async def handle(self, records: list[ConsumerRecord]) -> None:
        """Apply new records, send the messages that follow, and store states when it is time."""
        async with self._lock:
            await self._settle_tables()
            began = time.perf_counter()
            bugs = self._evaluate(records)
            decided = time.perf_counter()
            await self._alarms.start(self._partitions.values())
            self._metrics.busy_s.labels("decide").inc(decided - began)
            self._metrics.busy_s.labels("publish").inc(time.perf_counter() - decided)
            self._start_stores()
            await self._store(
                [
                    partition
                    for partition in self._partitions.values()
                    if bugs or self._must_store(partition)
                ]
            )
            # Only bugs count, and only when Kafka has their letters and the checkpoint: no sender
            # can block a partition, and no restart meets the same records again.
            if bugs and self._platform.dead_letters.note_bugs(bugs.total()):
                [(number, _)] = bugs.most_common(1)
                offset = self._partitions[number].engine.next_offset
                raise BlockedPartition(TopicPartition(READINGS.name, number), offset)

    async def release(self, revoked: Sequence[TopicPartition]) -> None:
        """Store all unstored states, then forget them; raises Transient when the store failed."""
        async with self._lock:
            partitions = self._remove(revoked)
            try:
                await self._store(partitions, final=True)
            finally:
                self._checkpoints.cancel(partitions)

    async def forget(self, lost: Sequence[TopicPartition]) -> None:
        """Forget partitions that another process owns: nothing of them is sent or stored."""
        async with self._lock:
            partitions = self._remove(lost)
            self._checkpoints.cancel(partitions)
            for partition in partitions:
                partition.discard_unsent()

    async def store_when_idle(self) -> None:
        """Background loop: store the states of the last batch when no further batch comes."""
        while True:
            await asyncio.sleep(self._settings.flush_interval_s / 2)
            try:
                async with self._lock:
                    await self._alarms.flush(self._partitions.values())
                    self._start_stores()
            except Transient as error:
                log.warning("store_retry", error=str(error))

    @asynccontextmanager
    async def at_boundary(self) -> AsyncIterator[None]:
        """Change the tables within: between two records, with the result of all earlier ones
        stored.

        Raises Transient, before the change, when the store fails.
        """
        async with self._lock:
            partitions = list(self._partitions.values())
            await self._store(partitions)
            yield
            positions = self._tables.positions()
            for partition in partitions:
                if partition.pinned_until is None:
                    partition.table_positions = positions

    def _evaluate(self, records: list[ConsumerRecord]) -> Counter[int]:
        """Process the records; return the number of bugs by partition."""
        now = self._platform.clock.now()
        outcomes: Counter[ReadingOutcome] = Counter()
        bugs: Counter[int] = Counter()
        for run in runs_of(records):
            partition = self._partitions[run.partition]
            new = run.since(partition.engine.next_offset)  # the batch may come a second time
            if new is not None:
                refused: Refusals = []
                outcomes += process_run(partition.engine, new, now, refused)
                failed = sum(reject.reason is Reason.HANDLER_ERROR for _, reject in refused)
                bugs += Counter({run.partition: failed})
                partition.refused += refused
        for outcome, count in outcomes.items():
            self._metrics.readings.labels(outcome.value).inc(count)
        self._platform.metrics.duplicates.labels(READINGS.name).inc(
            outcomes[ReadingOutcome.DUPLICATE]
        )
        return bugs

    async def _settle_tables(self) -> None:
        """Bring partitions under the present tables when their pinned input has been processed."""
        settled = [
            partition
            for partition in self._partitions.values()
            if partition.pinned_until is not None
            and partition.engine.next_offset >= partition.pinned_until
        ]
        if settled:
            await self._store(settled)
            for partition in settled:
                partition.use_tables(self._registry, self._tables.positions())
        changed = [
            partition
            for partition in self._partitions.values()
            if partition.table_positions != partition.stored_positions
        ]
        self._unconfirmed = self._unconfirmed or bool(changed)
        await self._store(changed)
        if self._unconfirmed:
            if self.confirm is not None:
                await self.confirm()
            self._unconfirmed = False

    async def _store(self, partitions: Collection[PartitionState], *, final: bool = False) -> None:
        """Send and store everything of these partitions; `final` = this process releases them.

        Raises Transient.
        """
        if partitions:
            await self._alarms.flush(partitions)
            await self._checkpoints.store(partitions, final=final)

    def _remove(self, lost: Sequence[TopicPartition]) -> list[PartitionState]:
        partitions = (self._partitions.pop(tp.partition, None) for tp in lost)
        return [partition for partition in partitions if partition is not None]

    def _start_stores(self) -> None:
        for partition in self._due():
            self._checkpoints.start(partition, len(self._partitions))
        states = sum(len(partition.engine.states) for partition in self._partitions.values())
        self._metrics.states.set(states)

    def _due(self) -> list[PartitionState]:
        """Return the partitions whose states are to be stored now."""
        now, most = time.monotonic(), self._settings.flush_states
        return [
            partition
            for partition in self._partitions.values()
            if not self._checkpoints.is_running(partition)
            and (now >= partition.due_at or len(partition.engine.dirty) >= most)
        ]

    def _must_store(self, partition: PartitionState) -> bool:
        """Return whether the stores beside the evaluation do not keep up with it."""
        most = _MOST_CHANGED * self._settings.flush_states
        return (
            partition.unstored_records >= changelog.MOST_UNSTORED
            or len(partition.engine.dirty) >= most
        )
