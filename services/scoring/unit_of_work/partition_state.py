"""A partition of this process: engine, unsent records and checkpoint."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import islice

from aiokafka import ConsumerRecord

from services.scoring.core.partition_engine import PartitionEngine
from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.readings_partition import readings_partition
from services.scoring.store import changelog
from services.scoring.unit_of_work.pinned_tables import PinnedTables
from shared.contracts.topics import READINGS
from shared.runtime.errors import Reject
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.stored_offsets import StoredOffset, fingerprint
from shared.runtime.tables import Positions

_SHARE = 1 / 8
"""At most this share of the time is spent on storing; a busy partition is stored less often."""
_LONGEST_S = 5.0
_STATES_PER_TURN = 1_000
"""States decoded in one turn of the event loop: below 0.1 s."""


@dataclass
class PartitionState:
    """One partition of the readings.

    `sent` and `dead_lettered` count the records of `unsent` and `refused` confirmed by Kafka.
    `due_at` is the time of the next store, `stored_offset` the offset of the last checkpoint.

    `table_positions` name the tables for the input, `stored_positions` the tables of the last
    checkpoint, and `state_positions` the tables of the stored states. Input below `pinned_until`
    may have been processed before a crash, and keeps the tables of the time before the crash.
    `is_moved`: the offset was changed by hand, and no checkpoint states it yet.
    """

    number: int
    engine: PartitionEngine
    due_at: float = 0.0
    unsent: list[OutboundRecord] = field(default_factory=list)
    refused: list[tuple[ConsumerRecord, Reject]] = field(default_factory=list)
    sent: int = 0
    dead_lettered: int = 0
    last_hash: str = ""
    stored_offset: int = 0
    table_positions: Positions = field(default_factory=dict)
    stored_positions: Positions = field(default_factory=dict)
    state_positions: Positions = field(default_factory=dict)
    pinned_until: int | None = None
    is_moved: bool = False

    @staticmethod
    async def restored(
        number: int, tables: PinnedTables, stored: changelog.StoredPartition
    ) -> PartitionState:
        """Return a partition that continues from the changelog.

        States are decoded in turns: heartbeats continue meanwhile.
        """
        engine = PartitionEngine(tables.state_registry, number=number)
        partition = PartitionState(
            number, engine, table_positions=tables.positions, pinned_until=tables.until
        )
        partition.state_positions = tables.positions
        states = stored.drain_states()
        while chunk := list(islice(states, _STATES_PER_TURN)):
            engine.restore(chunk, lambda sensor_id: readings_partition(sensor_id) == number)
            await asyncio.sleep(0)
        if stored.checkpoint is not None:
            engine.clock = stored.checkpoint.clock
            engine.next_offset = partition.stored_offset = stored.checkpoint.next_offset
            partition.last_hash = stored.checkpoint.last_hash
            if not stored.checkpoint.final:  # a final one requires a new checkpoint of this owner
                partition.stored_positions = stored.checkpoint.table_positions
            partition.state_positions = stored.checkpoint.state_positions
        engine.use_registry(tables.registry)
        return partition

    def checkpoint(self, written_at: float, *, final: bool) -> changelog.Checkpoint:
        """Return the present checkpoint; `written_at` is in seconds since 1970.

        `final` states that this process evaluates nothing more of the partition.
        """
        self.last_hash = self.position.fingerprint or ""
        if self.engine.is_current:
            self.state_positions = self.table_positions
        return changelog.Checkpoint(
            *(self.engine.next_offset, self.engine.clock, self.last_hash),
            *(self.table_positions, self.state_positions),
            written_at=written_at,
            final=final and self.pinned_until is None,
        )

    @property
    def position(self) -> StoredOffset:
        """Return the next offset to apply, with the fingerprint of the record before it."""
        offset = self.engine.next_offset
        if offset > self.stored_offset and not self.is_moved:
            return StoredOffset(offset, fingerprint(self.engine.last_value))
        return StoredOffset(offset, self.last_hash or None)

    def move(self, target: StoredOffset) -> None:
        """Apply the record at another offset next; a checkpoint must precede it."""
        self.engine.next_offset = target.next_offset
        self.last_hash, self.is_moved = target.fingerprint or "", True
        for state in self.engine.states.values():
            state.applied = min(state.applied, target.next_offset - 1)

    @property
    def unstored_records(self) -> int:
        """Return the number of processed records since the last checkpoint."""
        return self.engine.next_offset - self.stored_offset

    @property
    def needs_checkpoint(self) -> bool:
        """Return whether offset or tables have changed since the last checkpoint."""
        return (
            self.engine.next_offset > self.stored_offset
            or self.is_moved
            or self.table_positions != self.stored_positions
        )

    def confirm_checkpoint(self, checkpoint: changelog.Checkpoint) -> None:
        """Record that Kafka has this checkpoint."""
        self.stored_offset = checkpoint.next_offset
        self.is_moved = False
        self.stored_positions = checkpoint.table_positions

    def use_tables(self, registry: RuleRegistry, positions: Positions) -> None:
        """Evaluate by this registry from now on; a checkpoint must precede the next record."""
        self.engine.use_registry(registry)
        self.table_positions, self.pinned_until = positions, None

    def discard_unsent(self) -> None:
        """Drop the records that are not sent: another process owns the partition."""
        self.unsent.clear()
        self.refused.clear()

    def schedule_first_store(self, now: float, interval_s: float) -> None:
        """Set the time of the first store: each partition has its own slot of the interval."""
        self.due_at = now + (self._slot(interval_s) - now) % interval_s

    def schedule_store(self, now: float, took_s: float, partitions: int, interval_s: float) -> None:
        """Set the time of the next store; the last took `took_s`, and `partitions` take turns."""
        fair_s = min(took_s * partitions / _SHARE, max(_LONGEST_S, interval_s))
        soonest = now + max(interval_s, fair_s) - interval_s / 2
        self.due_at = soonest + (self._slot(interval_s) - soonest) % interval_s

    def _slot(self, interval_s: float) -> float:
        return self.number / READINGS.partitions * interval_s
