"""Store beside the evaluation: the states of a partition in slices, then the checkpoint.

A store begins with the changed states and the checkpoint of a moment. States are encoded a few at a
time, each in its present form and with its offset. A state may therefore be newer than the
checkpoint; after a crash such a state skips records up to its offset. The states leave when Kafka
has everything emitted before the last encoding; the checkpoint leaves after the states. States of a
failed store are marked changed again. States have a producer of their own: no alarm waits for their
acknowledgement.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence

import structlog

from services.scoring.core.state.sensor_state import ScoringState
from services.scoring.metrics import ScoringMetrics
from services.scoring.store import changelog
from services.scoring.unit_of_work.alarm_publisher import AlarmPublisher
from services.scoring.unit_of_work.partition_state import PartitionState
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.platform import Platform

log = structlog.get_logger("fenghuo.scoring.checkpoint_writer")

_SLICE = 20
"""States encoded in one turn of the event loop: about 0.3 ms without evaluation."""
_TURNS = 64
"""Most turns of one store: under a backlog every turn waits for a batch."""
_RECORDS_PER_SEND = 2_000
"""Records passed to the producer in one turn."""


class CheckpointWriter:
    """Stores states and checkpoints, with at most one store per partition under way."""

    def __init__(
        self, platform: Platform, metrics: ScoringMetrics, alarms: AlarmPublisher, interval_s: float
    ) -> None:
        self._platform = platform
        self._publisher = platform.add_publisher()
        self._metrics = metrics
        self._alarms = alarms
        self._interval_s = interval_s
        self._stores: dict[int, asyncio.Task[None]] = {}

    def start(self, partition: PartitionState, partitions: int) -> None:
        """Store a partition, one of `partitions`, beside the evaluation, unless a store runs."""
        if not self.is_running(partition):
            store = self._store(partition, partitions, final=False)
            self._stores[partition.number] = asyncio.create_task(store)

    def is_running(self, partition: PartitionState) -> bool:
        """Return whether a store of this partition runs; raises the error of the last store.

        A Transient error is logged only.
        """
        task = self._stores.get(partition.number)
        if task is None:
            return False
        if not task.done():
            return True
        del self._stores[partition.number]
        try:
            task.result()
        except Transient as error:
            log.warning("store_retry", partition=partition.number, error=str(error))
        return False

    async def store(self, partitions: Collection[PartitionState], *, final: bool = False) -> None:
        """Store these partitions and return when Kafka has them; raises Transient.

        Kafka must have all their emitted records, and no record may be processed meanwhile.
        """
        for partition in partitions:
            if (task := self._stores.get(partition.number)) is not None:
                await asyncio.wait({task})
                self.is_running(partition)
        stores = (self._store(item, len(partitions), final=final) for item in partitions)
        # When one store fails, the rest of them still end before any store begins again.
        for error in await asyncio.gather(*stores, return_exceptions=True):
            if error is not None:
                raise error

    async def rewind(self, partition: PartitionState) -> None:
        """Store a partition whose offset was moved back; raises Transient.

        A reader of the changelog prefers the higher offset, so a tombstone comes before each state
        and before the checkpoint. Until the checkpoint has arrived a restart finds the old one.
        """
        records: list[OutboundRecord] = []
        for key, state in partition.engine.states.items():
            records.append(changelog.tombstone_record(partition.number, key))
            records.append(changelog.state_record(partition.number, state))
        written_at = self._platform.clock.now().timestamp()
        checkpoint = partition.checkpoint(written_at, final=False)
        records.append(changelog.checkpoint_tombstone(partition.number))
        records.append(changelog.checkpoint_record(partition.number, checkpoint))
        for first in range(0, len(records), _RECORDS_PER_SEND):
            await self._publisher.send(records[first : first + _RECORDS_PER_SEND])
        partition.confirm_checkpoint(checkpoint)

    def cancel(self, partitions: Collection[PartitionState]) -> None:
        """Cancel the stores of partitions that this process no longer owns."""
        for partition in partitions:
            if (task := self._stores.pop(partition.number, None)) is not None:
                task.cancel()

    async def _store(self, partition: PartitionState, partitions: int, *, final: bool) -> None:
        began = time.monotonic()
        engine = partition.engine
        states, removed_keys = engine.dirty, engine.removed_keys
        engine.dirty, engine.removed_keys = [], []
        checkpoint = None
        if final or partition.needs_checkpoint:
            written_at = self._platform.clock.now().timestamp()
            checkpoint = partition.checkpoint(written_at, final=final)
        records = [changelog.tombstone_record(partition.number, key) for key in removed_keys]
        try:
            await self._encode(partition, states, records)
            await self._alarms.wait_for(partition)
            for first in range(0, len(records), _RECORDS_PER_SEND):
                await self._publisher.send(records[first : first + _RECORDS_PER_SEND])
        except BaseException:
            engine.removed_keys[:0] = removed_keys
            _mark_again(partition, states, len(records) - len(removed_keys))
            raise
        if checkpoint is not None:
            await self._publisher.send([changelog.checkpoint_record(partition.number, checkpoint)])
            partition.confirm_checkpoint(checkpoint)
        ended = time.monotonic()
        partition.schedule_store(ended, ended - began, partitions, self._interval_s)
        if checkpoint is not None:
            self._metrics.states_stored.inc(len(records))
            self._metrics.flush_s.observe(ended - began)

    async def _encode(
        self,
        partition: PartitionState,
        states: Sequence[ScoringState],
        records: list[OutboundRecord],
    ) -> None:
        size = max(_SLICE, len(states) // _TURNS)
        for first in range(0, len(states), size):
            if first:
                await asyncio.sleep(0)
            began = time.perf_counter()
            # A state holds for all input so far, not only up to its last reading: ticks count.
            applied = partition.engine.next_offset - 1
            for state in states[first : first + size]:
                state.applied = applied
                state.dirty = False
                records.append(changelog.state_record(partition.number, state))
            self._metrics.busy_s.labels("store").inc(time.perf_counter() - began)


def _mark_again(partition: PartitionState, states: Sequence[ScoringState], encoded: int) -> None:
    for state in states[:encoded]:
        partition.engine.mark_dirty(state)
    partition.engine.dirty += states[encoded:]  # still marked, and in no list
