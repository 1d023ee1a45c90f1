"""A partition of ours at the edge: what it still has to send, and when it is stored next."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import islice

from aiokafka import ConsumerRecord

from services.scoring import store
from services.scoring.core.book import RuleBook
from services.scoring.core.partition import Partition
from services.scoring.home import home
from services.scoring.pinning import Judge
from shared.contracts.topics import READINGS
from shared.runtime.errors import Reject
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.tables import Positions

_SHARE = 1 / 8
"""At most this share of the time goes into storing; a busy lane is stored less often, not in vain."""
_LONGEST_S = 5.0
_AT_ONCE = 1_000
"""States decoded in one turn of the event loop: below 0.1 s."""


@dataclass
class Lane:
    """`sent` and `buried` count what was ever `unsent` or `refused` and is with Kafka. `due_at` is when its states are to be stored, `stored_offset` where its last checkpoint lies.

    `pins` say which tables judge its input, `stored_pins` which the last checkpoint names, `states_pins`
    which its stored states are of. Input before `pinned_until` may have been judged before a crash, and
    waits for no newer tables.
    """

    number: int
    partition: Partition
    due_at: float = 0.0
    unsent: list[OutboundRecord] = field(default_factory=list)
    refused: list[tuple[ConsumerRecord, Reject]] = field(default_factory=list)
    sent: int = 0
    buried: int = 0
    last_hash: str = store.fingerprint(None)
    stored_offset: int = 0
    pins: Positions = field(default_factory=dict)
    stored_pins: Positions = field(default_factory=dict)
    states_pins: Positions = field(default_factory=dict)
    pinned_until: int | None = None

    @staticmethod
    async def of(number: int, judge: Judge, stored: store.Stored) -> Lane:
        """A lane that continues what was stored. States are decoded in turns: heartbeats go on meanwhile."""
        partition = Partition(judge.states_book, number=number)
        lane = Lane(number, partition, pins=judge.pins, pinned_until=judge.until)
        lane.states_pins = judge.pins
        states = stored.restored()
        while some := list(islice(states, _AT_ONCE)):
            partition.restore(some, lambda sensor_id: home(sensor_id) == number)
            await asyncio.sleep(0)
        if stored.checkpoint is not None:
            partition.clock = stored.checkpoint.clock
            partition.next_offset = lane.stored_offset = stored.checkpoint.next_offset
            lane.last_hash = stored.checkpoint.last_hash
            if not stored.checkpoint.final:  # else it has to be said anew that someone judges here
                lane.stored_pins = stored.checkpoint.pins
            lane.states_pins = stored.checkpoint.states_pins
        partition.come_under(judge.book)
        return lane

    def checkpoint(self, written_at: float, *, final: bool) -> store.Checkpoint:
        """Where to read on as of now; `written_at` in seconds since 1970.

        `final` = nothing is judged here any more by this process.
        """
        if self.partition.next_offset > self.stored_offset:
            self.last_hash = store.fingerprint(self.partition.last_value)
        if self.partition.refreshed:
            self.states_pins = self.pins
        return store.Checkpoint(
            *(self.partition.next_offset, self.partition.clock, self.last_hash),
            *(self.pins, self.states_pins),
            written_at=written_at,
            final=final and self.pinned_until is None,
        )

    @property
    def ahead(self) -> int:
        """How many records lie between the last checkpoint and what is judged."""
        return self.partition.next_offset - self.stored_offset

    @property
    def owes_checkpoint(self) -> bool:
        """Whether the last one no longer says where to read on, and judged by what."""
        return self.partition.next_offset > self.stored_offset or self.pins != self.stored_pins

    def checkpointed(self, checkpoint: store.Checkpoint) -> None:
        """This checkpoint is with Kafka."""
        self.stored_offset, self.stored_pins = checkpoint.next_offset, checkpoint.pins

    def judged_by(self, book: RuleBook, pins: Positions) -> None:
        """From here on, for good; nothing may be judged before a checkpoint says so."""
        self.partition.come_under(book)
        self.pins, self.pinned_until = pins, None

    def give_up(self) -> None:
        """Drop what is still to be sent: another process owns the partition."""
        self.unsent.clear()
        self.refused.clear()

    def plan_first(self, now: float, interval_s: float) -> None:
        """Decide when it is stored first: not all at once, each in its own slot of the interval."""
        self.due_at = now + (self._slot(interval_s) - now) % interval_s

    def plan_next(self, now: float, took_s: float, lanes: int, interval_s: float) -> None:
        """Decide when it is stored again, after storing took so long and `lanes` are stored in turn."""
        fair_s = min(took_s * lanes / _SHARE, max(_LONGEST_S, interval_s))
        soonest = now + max(interval_s, fair_s) - interval_s / 2
        self.due_at = soonest + (self._slot(interval_s) - soonest) % interval_s

    def _slot(self, interval_s: float) -> float:
        return self.number / READINGS.partitions * interval_s
