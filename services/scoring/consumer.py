"""Scoring's edge: records in, core, alarms and states out, in the one order that survives a crash.

    alarms, health and dead letters  ->  changed states  ->  checkpoint        (each awaited)

What was emitted stays with its partition until Kafka has it: when sending fails, the same batch comes
again, its records are skipped as applied, and what is left is sent first. A partition taken away in
that moment is simply forgotten; its next owner replays from the checkpoint and emits the same ids.

Locks: the consumer calls `restore`, `handle` and `release` one at a time; `store_when_idle` runs beside
them. All four take `_lock`, and nothing waits for the consumer while holding it.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from services.scoring import store
from services.scoring.core.book import RuleBook
from services.scoring.core.checks import Refused
from services.scoring.core.events import ShadowDiffers
from services.scoring.core.partition import Outcome, Partition
from services.scoring.loop import work_through
from services.scoring.metrics import Metrics
from services.scoring.settings import Settings
from shared.contracts.alarms import AlarmEvent
from shared.contracts.catalog import CatalogEntry, SensorEntry
from shared.contracts.readings import SensorHealth
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import ALARMS, HEALTH, READINGS
from shared.runtime.errors import Reject, Transient
from shared.runtime.platform import Platform
from shared.runtime.publisher import Outgoing, outgoing

log = structlog.get_logger("fenghuo.scoring")

_PARTITION = attrgetter("partition")
Read = Callable[[str, Sequence[int]], Awaitable[dict[int, store.Stored]]]
"""Reads the changelog of some partitions to its end: bootstrap, partition numbers."""


@dataclass
class Lane:
    """A partition of ours, what it still has to send, and where its last checkpoint lies."""

    number: int
    partition: Partition
    unsent: list[Outgoing] = field(default_factory=list)
    refused: list[tuple[ConsumerRecord, Reject]] = field(default_factory=list)
    last_value: bytes | None = None
    stored_offset: int = 0

    @staticmethod
    def of(number: int, partition: Partition, stored: store.Stored) -> Lane:
        """A lane that continues what was stored."""
        lane = Lane(number, partition)
        partition.restore(stored.states.values())
        if stored.checkpoint is not None:
            partition.clock = stored.checkpoint.clock
            partition.next_offset = lane.stored_offset = stored.checkpoint.next_offset
        return lane

    def checkpoint(self) -> Outgoing:
        """The record that says where to read on."""
        fingerprint = store.fingerprint(self.last_value)
        found = store.Checkpoint(self.partition.next_offset, self.partition.clock, fingerprint)
        return store.checkpoint_record(self.number, found)


class ScoringWorker:
    """A Worker (shared.runtime.batches) whose state is the changelog."""

    def __init__(
        self,
        platform: Platform,
        settings: Settings,
        book: RuleBook,
        metrics: Metrics,
        read: Read = store.read,
    ) -> None:
        self._platform = platform
        self._settings = settings
        self._read = read
        self._book = book
        self._metrics = metrics
        self._lock = asyncio.Lock()
        self._lanes: dict[int, Lane] = {}
        self._stored_at = time.monotonic()

    async def restore(self, assigned: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Load states and checkpoints; raises Transient."""
        began = time.monotonic()
        async with self._lock:
            numbers = [tp.partition for tp in assigned]
            found = await self._read(self._settings.kafka_bootstrap, numbers)
            for number, stored in found.items():
                partition = Partition(self._book)
                self._lanes[number] = Lane.of(number, partition, stored)
            offsets = {tp: self._lanes[tp.partition].stored_offset for tp in assigned}
        gc.collect()
        gc.freeze()  # states live long: looking through a million of them again and again is waste
        took = time.monotonic() - began
        self._metrics.restore_s.set(took)
        states = sum(len(stored.states) for stored in found.values())
        log.info("restored", partitions=len(numbers), states=states, seconds=round(took, 3))
        return {tp: offset for tp, offset in offsets.items() if offset}

    async def handle(self, records: list[ConsumerRecord]) -> None:
        """Apply what is new, send what follows from it, store states when it is time."""
        async with self._lock:
            began = time.perf_counter()
            now = self._platform.clock.now()
            outcomes: Counter[Outcome] = Counter()
            applied = 0
            for number, mine in groupby(records, key=_PARTITION):
                lane = self._lanes[number]
                new = list(mine)
                if new[0].offset < lane.partition.next_offset:  # the batch comes a second time
                    new = [one for one in new if one.offset >= lane.partition.next_offset]
                    if not new:
                        continue
                applied += len(new)
                outcomes += work_through(lane.partition, new, now, lane.refused)
                lane.partition.next_offset = new[-1].offset + 1
                lane.last_value = new[-1].value
            bad = sum(len(lane.refused) for lane in self._lanes.values())
            for name, count in outcomes.items():
                self._metrics.readings.labels(name.value).inc(count)
            self._platform.metrics.duplicates.labels(READINGS.name).inc(outcomes[Outcome.DUPLICATE])
            decided = time.perf_counter()
            await self._send(list(self._lanes.values()))
            self._metrics.busy_s.labels("decide").inc(decided - began)
            self._metrics.busy_s.labels("publish").inc(time.perf_counter() - decided)
            self._platform.dead_letters.account(applied, min(bad, applied))
            if self._store_is_due():
                await self._store(list(self._lanes.values()))

    async def release(self, revoked: Sequence[TopicPartition]) -> None:
        """Store what is not stored, then forget; raises Transient when it could not be stored."""
        async with self._lock:
            gone = [
                lane for tp in revoked if (lane := self._lanes.pop(tp.partition, None)) is not None
            ]
            await self._send(gone)
            await self._store(gone)

    async def store_when_idle(self) -> None:
        """Background loop: store what the last batch left behind when no further one comes."""
        while True:
            await asyncio.sleep(self._settings.flush_interval_s / 2)
            try:
                async with self._lock:
                    if self._store_is_due():
                        lanes = list(self._lanes.values())
                        await self._send(lanes)
                        await self._store(lanes)
            except Transient as error:
                log.warning("store_retry", error=str(error))

    def on_catalog(self, message: CatalogEntry) -> None:
        """Table callback: only sensors matter here."""
        if isinstance(message.entry, SensorEntry):
            self._book.put_sensor(message.entry)
            self._metrics.sensors.set(self._book.sensors)

    def on_catalog_deleted(self, key: str) -> None:
        """Table callback: `sensor:ID` is no longer catalogued."""
        kind, _, sensor_id = key.partition(":")
        if kind == "sensor":
            self._book.drop_sensor(sensor_id)
            self._metrics.sensors.set(self._book.sensors)

    def on_rule(self, message: RuleDefinition) -> None:
        """Table callback; raises Reject for a rule that cannot be used."""
        try:
            self._book.put_rule(message)
        except Refused as why:
            raise Reject(why.reason, why.detail) from None
        finally:
            self._metrics.rules.set(len(self._book))

    async def _send(self, lanes: Collection[Lane]) -> None:
        """Alarms, health and dead letters to Kafka; nothing is forgotten before Kafka has it."""
        for lane in lanes:
            for message in lane.partition.out:
                if isinstance(message, ShadowDiffers):
                    self._metrics.shadow.labels(message.rule_id, _side(message.by)).inc()
                else:
                    lane.unsent.append(self._outgoing(message))
            lane.partition.out.clear()
        if records := [record for lane in lanes for record in lane.unsent]:
            await self._platform.publisher.send(records)
        for lane in lanes:
            lane.unsent.clear()
        if refused := [pair for lane in lanes for pair in lane.refused]:
            await self._platform.dead_letters.send(refused)
        for lane in lanes:
            lane.refused.clear()

    async def _store(self, lanes: Collection[Lane]) -> None:
        """Changed states, then checkpoints. Only after `_send`: a stored state emits nothing again."""
        began = time.monotonic()
        states: list[Outgoing] = []
        for lane in lanes:
            states += [store.tombstone_record(lane.number, key) for key in lane.partition.gone]
            for state in lane.partition.dirty:
                # It holds for all input so far, not just up to its own last reading: ticks count.
                state.applied = lane.partition.next_offset - 1
                states.append(store.state_record(lane.number, state))
        if states:
            await self._platform.publisher.send(states)
        for lane in lanes:
            for state in lane.partition.dirty:
                state.dirty = False
            lane.partition.dirty.clear()
            lane.partition.gone.clear()
        moved = [lane for lane in lanes if lane.partition.next_offset > lane.stored_offset]
        if moved:
            await self._platform.publisher.send([lane.checkpoint() for lane in moved])
        for lane in moved:
            lane.stored_offset = lane.partition.next_offset
        self._stored_at = time.monotonic()
        if moved:
            self._metrics.busy_s.labels("store").inc(time.monotonic() - began)
            self._metrics.states_stored.inc(len(states))
            self._metrics.flush_s.observe(time.monotonic() - began)
            self._metrics.states.set(
                sum(len(lane.partition.states) for lane in self._lanes.values())
            )

    def _store_is_due(self) -> bool:
        if time.monotonic() - self._stored_at >= self._settings.flush_interval_s:
            return True
        dirty = sum(len(lane.partition.dirty) for lane in self._lanes.values())
        return dirty >= self._settings.flush_states

    def _outgoing(self, message: AlarmEvent | SensorHealth) -> Outgoing:
        if isinstance(message, AlarmEvent):
            self._metrics.alarms.labels(message.transition.value).inc()
            return outgoing(ALARMS, message.alarm_id, message)
        self._metrics.health.labels(message.state.value).inc()
        return outgoing(HEALTH, message.sensor_id, message)


def _side(by: int) -> str:
    return "agrees" if by == 0 else "higher" if by > 0 else "lower"
