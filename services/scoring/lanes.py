"""A partition of ours at the edge: what it still has to send, and when it is stored next."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiokafka import ConsumerRecord

from services.scoring import store
from services.scoring.core.partition import Partition
from shared.runtime.errors import Reject
from shared.runtime.publisher import Outgoing

_SHARE = 1 / 8
"""At most this share of the time goes into storing; a busy lane is stored less often, not in vain."""
_LONGEST_S = 5.0


@dataclass
class Lane:
    """`due_at` is when its states are to be stored, `stored_offset` where its last checkpoint lies."""

    number: int
    partition: Partition
    due_at: float
    unsent: list[Outgoing] = field(default_factory=list)
    refused: list[tuple[ConsumerRecord, Reject]] = field(default_factory=list)
    last_value: bytes | None = None
    stored_offset: int = 0

    @staticmethod
    def of(number: int, partition: Partition, stored: store.Stored, due_at: float) -> Lane:
        """A lane that continues what was stored."""
        lane = Lane(number, partition, due_at)
        partition.restore(stored.restored())
        if stored.checkpoint is not None:
            partition.clock = stored.checkpoint.clock
            partition.next_offset = lane.stored_offset = stored.checkpoint.next_offset
        return lane

    def checkpoint(self) -> Outgoing:
        """The record that says where to read on."""
        fingerprint = store.fingerprint(self.last_value)
        found = store.Checkpoint(self.partition.next_offset, self.partition.clock, fingerprint)
        return store.checkpoint_record(self.number, found)

    def plan_next(self, now: float, took_s: float, lanes: int, interval_s: float) -> None:
        """Decide when it is stored again, after storing took so long and `lanes` are stored in turn."""
        fair_s = min(took_s * lanes / _SHARE, max(_LONGEST_S, interval_s))
        self.due_at = now + max(interval_s, fair_s)
