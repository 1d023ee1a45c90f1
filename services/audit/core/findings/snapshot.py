"""The snapshot of a round: the data from tables and topics in which faults are detected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.audit.core.conservation.audited_record import Partition
from services.audit.core.conservation.balances import DispositionCount, HopBalance
from services.audit.core.conservation.provenance import SuspectGroup, SuspectRecord
from shared.contracts.fields import Status


class FindingKind(StrEnum):
    """The kinds of faults; a closed set, also the label of a metric."""

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
    READER_LATE = "reader_late"
    CARRIER_FAILS = "carrier_fails"
    COMPONENT_DOWN = "component_down"
    COMPONENT_NOT_READY = "component_not_ready"
    DISK_FULL = "disk_nearly_full"
    HEARTBEAT_MISSING = "heartbeat_missing"
    CANARY_MISSING = "canary_missing"
    COMPONENT_TROUBLED = "component_in_trouble"
    CLOCKS_DIFFER = "clocks_differ"
    REPORTED = "reported_by_monitoring"
    LETTERS_GROW = "dead_letters_grow"


COMPONENT_KINDS = frozenset(
    {
        FindingKind.COMPONENT_DOWN,
        FindingKind.COMPONENT_NOT_READY,
        FindingKind.DISK_FULL,
        FindingKind.HEARTBEAT_MISSING,
        FindingKind.CANARY_MISSING,
        FindingKind.COMPONENT_TROUBLED,
    }
)
"""The kinds of faults that the watch detects (services/audit/watch)."""


@dataclass(frozen=True, slots=True)
class ArmedTimers:
    """The number of armed timers of a subject under a timer rule.

    A timer is expected while the rule applies to the subject, none otherwise.
    """

    rule: str
    subject_id: str
    status: Status
    armed: int
    expected: int = 1


@dataclass(frozen=True, slots=True)
class OverdueTimer:
    """A timer of a service and the due time; `error` is set if firing the timer has failed."""

    service: str
    subject_id: str
    kind: str
    due_at: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True)
class OutboxBacklog:
    """The creation time of a service's oldest unpublished outbox row, and the number of rows.

    `quarantined` of them Kafka never takes; `newest_error` says why.
    """

    service: str
    oldest_at: datetime
    rows: int
    quarantined: int = 0
    newest_error: str | None = None


@dataclass(frozen=True, slots=True)
class LeasedDelivery:
    """A delivery in progress, and the deadline of its sender."""

    page_id: str
    status: Status
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class CommandFanout:
    """The recipients of a command, the assignment rows, the first records on the topic."""

    command_id: str
    status: Status
    recipients: int
    rows: int
    records: int


@dataclass(frozen=True, slots=True)
class StatusLeak:
    """A subject whose status differs from the status of its parent, for example of its alert."""

    subject_id: str
    status: Status
    parent_id: str
    parent_status: Status


@dataclass(frozen=True, slots=True)
class CountComparison:
    """The same quantity counted on the topics and in a table of `service`."""

    name: str
    service: str
    status: Status
    on_topic: int
    in_table: int


@dataclass(frozen=True, slots=True)
class CounterComparison:
    """Counters of a subject in a table, and the sums of the counted rows; None if absent."""

    table: str
    subject_id: str
    status: Status
    names: tuple[str, ...]
    stored: tuple[int, ...] | None
    counted: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class StrandedAlarm:
    """An alarm set aside (`disposition`) by a cause that does not exist or has ended."""

    alarm_id: str
    status: Status
    disposition: str


@dataclass(frozen=True, slots=True)
class RowComparison:
    """The newest version and state of an open subject, on the topic and in a table of `service`.

    `stored` is None if the row does not exist.
    """

    table: str
    service: str
    subject_id: str
    status: Status
    published: tuple[int, str]
    stored: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class ComponentFault:
    """A component that has not worked since a time, and why."""

    kind: FindingKind
    component: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ClockDifference:
    """The proven lead of Kafka's clock over Postgres' in a partition, negative if it is behind."""

    partition: Partition
    lead_s: float


@dataclass(frozen=True, slots=True)
class FailingCarrier:
    """A channel, how many pages wait there after failed attempts, and the newest error."""

    channel: str
    pages: int
    error: str


@dataclass(frozen=True, slots=True)
class ReaderPosition:
    """A reader's stored offset in a partition, and the end of the partition.

    It is late if the next record has waited longer than READER_GRACE, by Kafka's time.
    """

    service: str
    partition: Partition
    stored_offset: int
    end_offset: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class LetterRate:
    """Dead letters of a service, topic and reason: in the last five minutes, and usually in five.

    The usual number is the mean of a day that ends an hour ago.
    """

    service: str
    topic: str
    reason: str
    recent: int
    usual: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The data of a round. `checked_kinds` are the kinds of faults that can be detected in the
    data.

    `unsettled` are services with changes of the previous round that may still be in flight. None
    means unknown: then no difference is confirmed that records in flight might explain.
    """

    checked_kinds: frozenset[FindingKind]
    unsettled: frozenset[str] | None = None
    armed_timers: tuple[ArmedTimers, ...] = ()
    due_timers: tuple[OverdueTimer, ...] = ()
    outboxes: tuple[OutboxBacklog, ...] = ()
    deliveries: tuple[LeasedDelivery, ...] = ()
    fanouts: tuple[CommandFanout, ...] = ()
    leaks: tuple[StatusLeak, ...] = ()
    counts: tuple[CountComparison, ...] = ()
    counters: tuple[CounterComparison, ...] = ()
    stranded_alarms: tuple[StrandedAlarm, ...] = ()
    dispositions: tuple[DispositionCount, ...] = ()
    rows: tuple[RowComparison, ...] = ()
    stopped_readers: tuple[ReaderPosition, ...] = ()
    suspects: tuple[SuspectRecord, ...] = ()
    suspect_groups: tuple[SuspectGroup, ...] = ()
    balances: tuple[HopBalance, ...] = ()
    broken_entry: int | None = None
    carriers: tuple[FailingCarrier, ...] = ()
    components: tuple[ComponentFault, ...] = ()
    letter_rates: tuple[LetterRate, ...] = ()
    clock_difference: ClockDifference | None = None

    def may_be_in_flight(self, service: str) -> bool:
        """Return True if records in flight to `service` or the auditor may explain a difference."""
        return self.unsettled is None or not self.unsettled.isdisjoint({"audit", service})
