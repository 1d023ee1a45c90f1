"""What one check sees of the tables and the topics, before it is judged (core/liveness.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.audit.core.conservation import Balance, Evidence, Place
from services.audit.core.provenance import Crowd, Suspect
from shared.contracts.fields import Status


class FindingKind(StrEnum):
    """What can be wrong; a closed set, also the metric's label."""

    TIMER_COUNT = "not_exactly_one_timer"
    TIMER_OVERDUE = "timer_overdue"
    OUTBOX_STUCK = "outbox_stuck"
    LEASE_EXPIRED = "delivery_past_lease"
    FANOUT = "fanout_incomplete"
    DRILL_LEAK = "drill_leak"
    COUNT_DIFFERS = "count_differs"
    TRAIL_BROKEN = "trail_broken"
    CONSUMER_STOPPED = "consumer_stopped"
    RECORD_LOST = "record_without_trace"
    RECORD_CORRUPT = "record_corrupt"
    HOP_UNBALANCED = "hop_does_not_balance"
    ROW_DIFFERS = "row_differs_from_topic"
    COUNTER_DIFFERS = "counter_differs_from_rows"
    STRANDED = "waits_for_nothing"


@dataclass(frozen=True, slots=True)
class ArmedTimers:
    """How many timers of a clock are armed for a subject: one while the clock runs, else none."""

    clock: str
    subject_id: str
    status: Status
    armed: int
    wanted: int = 1


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer of a service and when it should have fired; with an error it could not be fired."""

    service: str
    subject_id: str
    kind: str
    due_at: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Outbox:
    """The oldest unpublished outbox row of a service and how many there are."""

    service: str
    oldest: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery that is being sent, and until when its sender promised to be done."""

    page_id: str
    status: Status
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Fanout:
    """A command: recipients it resolved, assignment rows it has, first records seen on the topic."""

    command_id: str
    status: Status
    recipients: int
    rows: int
    records: int


@dataclass(frozen=True, slots=True)
class Leak:
    """Something whose status differs from that of what it belongs to."""

    subject_id: str
    status: Status
    belongs_to: str
    other_status: Status


@dataclass(frozen=True, slots=True)
class Count:
    """The same quantity from the topics and from a table of `service`."""

    name: str
    service: str
    status: Status
    on_topic: int
    in_table: int


@dataclass(frozen=True, slots=True)
class Recounted:
    """Counters of one subject as a table keeps them and as its rows add up; None: there are none."""

    table: str
    subject_id: str
    status: Status
    names: tuple[str, ...]
    kept: tuple[int, ...] | None
    counted: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Stranded:
    """An alarm put aside (`disposition`) for something that is not there or is over."""

    alarm_id: str
    status: Status
    disposition: str


@dataclass(frozen=True, slots=True)
class Row:
    """The newest version of something open as the topics tell it, and as a table of `service` has it.

    `stored` None: the table has no such row.
    """

    table: str
    service: str
    subject_id: str
    status: Status
    told: tuple[int, str]
    stored: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class Stand:
    """A reader, its place in a partition, and where that ends."""

    service: str
    place: Place
    stored: int
    end: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one check saw. `looked` are the kinds it could look for.

    `moving`: services that may still be about to show what was committed before the last check;
    None: that is not known, so nothing that records on their way might explain is judged.
    """

    looked: frozenset[FindingKind]
    moving: frozenset[str] | None = None
    clocks: tuple[ArmedTimers, ...] = ()
    timers: tuple[DueTimer, ...] = ()
    outboxes: tuple[Outbox, ...] = ()
    leases: tuple[Lease, ...] = ()
    fanouts: tuple[Fanout, ...] = ()
    leaks: tuple[Leak, ...] = ()
    counts: tuple[Count, ...] = ()
    recounts: tuple[Recounted, ...] = ()
    stranded: tuple[Stranded, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rows: tuple[Row, ...] = ()
    stands: tuple[Stand, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    crowds: tuple[Crowd, ...] = ()
    balances: tuple[Balance, ...] = ()
    broken_at: int | None = None

    def held(self, service: str) -> bool:
        """Whether records on their way to `service`, or to the auditor, may explain a difference."""
        return self.moving is None or not self.moving.isdisjoint({"audit", service})
