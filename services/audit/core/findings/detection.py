"""The faults in a snapshot. Every open subject must have a timer or a record that moves it on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.audit.core.conservation.provenance import RecordFlaw, SuspectGroup
from services.audit.core.findings.snapshot import FindingKind, OverdueTimer, Snapshot
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status

TIMER_GRACE = timedelta(seconds=5)
"""A durable timer may fire this much late (its service sweeps every 0.25 s)."""
OUTBOX_GRACE = timedelta(seconds=10)
LEASE_GRACE = timedelta(seconds=5)
ROUNDS = 2
"""Consecutive rounds in which a fault must be detected before it is a finding."""
ROUNDS_IN_FLIGHT = 3
"""The same for a difference that records in flight may explain: with equal figures, and in rounds
in which no service concerned is unsettled (core/conservation/in_flight.py says why three are
enough)."""
ROUNDS_STOPPED = 5
"""Rounds in which a reader stays at one offset although more records follow: 8 s at 2 s each."""
UNREFUSED_GRACE = timedelta(seconds=5)
"""A record that no reader can use is dead-lettered within this time."""
ROUNDS_UNREFUSED = 4
"""The same for a group of such records, in rounds of 2 s."""
READER_GRACE = timedelta(seconds=60)
"""A record that has waited longer for a reader makes the reader late."""
ROUNDS_CARRIER = 15
"""Rounds in which pages wait at a carrier after failed attempts: 30 s at 2 s each."""
NAMED_SUSPECTS = 100
"""Suspects of one flaw, topic and service that are findings of their own; more are only counted."""

FEW_LETTERS = 20
"""So many dead letters of a reason within five minutes are no growth."""
FEW_BUGS = 0
"""The same where the reason is a bug of a service: each such letter is reported."""
GROWTH = 5
"""Dead letters grow when there are more than so many times the usual number."""

FindingKey = tuple[FindingKind, str]


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """A fault of a subject. `figures` must be equal in all rounds that confirm the finding.

    With `in_flight`, records in flight may explain the fault: this round neither confirms nor
    resolves the finding.
    """

    kind: FindingKind
    subject_id: str
    status: Status
    detail: str
    required_rounds: int = ROUNDS
    figures: tuple[int | str, ...] = ()
    in_flight: bool = False

    @property
    def key(self) -> FindingKey:
        """The identity of the finding from round to round."""
        return self.kind, self.subject_id


def detect_findings(snapshot: Snapshot, now: datetime) -> list[AuditFinding]:
    """Return all faults in a snapshot, in a fixed order, each subject once per kind."""
    findings = [
        *_timers(snapshot, now),
        *_overdue_deliveries(snapshot, now),
        *_leaks(snapshot),
        *_counts(snapshot),
        *_rows(snapshot),
        *_counters(snapshot),
        *_stranded_alarms(snapshot),
        *_hops(snapshot, now),
        *_carriers(snapshot),
        *_components(snapshot),
        *_growing_letters(snapshot),
        *_clocks(snapshot),
    ]
    return list({finding.key: finding for finding in reversed(findings)}.values())[::-1]


def _timers(snapshot: Snapshot, now: datetime) -> Iterable[AuditFinding]:
    for timers in snapshot.armed_timers:
        if timers.armed != timers.expected:
            subject = f"{timers.rule}:{timers.subject_id}"
            detail = f"{timers.armed} armed timers, not {timers.expected}"
            yield AuditFinding(FindingKind.TIMER_COUNT, subject, timers.status, detail)
    late_timers: dict[str, list[OverdueTimer]] = {}
    for timer in snapshot.due_timers:
        if timer.error is not None:
            subject = f"{timer.service}:{timer.kind}:{timer.subject_id}"
            detail = f"due at {timer.due_at.isoformat()} and failed: {timer.error}"
            yield AuditFinding(FindingKind.TIMER_OVERDUE, subject, Status.ACTUAL, detail)
        elif now - timer.due_at > TIMER_GRACE:
            late_timers.setdefault(timer.service, []).append(timer)
    # One cause delays all timers of a service: a finding for each timer would hide the others.
    for service, service_timers in late_timers.items():
        first = min(service_timers, key=lambda timer: timer.due_at)
        detail = (
            f"{len(service_timers)} timers are due and not fired, the first {first.kind}:"
            f"{first.subject_id} since {first.due_at.isoformat(timespec='seconds')}"
        )
        yield AuditFinding(FindingKind.TIMER_OVERDUE, service, Status.ACTUAL, detail)


def _overdue_deliveries(snapshot: Snapshot, now: datetime) -> Iterable[AuditFinding]:
    for outbox in snapshot.outboxes:
        if now - outbox.oldest_at > OUTBOX_GRACE:
            detail = f"{outbox.rows} rows wait, the oldest since {outbox.oldest_at.isoformat()}"
            if outbox.quarantined:
                detail += f"; {outbox.quarantined} set aside, the newest: {outbox.newest_error}"
            yield AuditFinding(FindingKind.OUTBOX_STUCK, outbox.service, Status.ACTUAL, detail)
    for delivery in snapshot.deliveries:
        if now - delivery.lease_until > LEASE_GRACE:
            detail = f"sending, lease until {delivery.lease_until.isoformat()}"
            yield AuditFinding(FindingKind.LEASE_EXPIRED, delivery.page_id, delivery.status, detail)


def _leaks(snapshot: Snapshot) -> Iterable[AuditFinding]:
    for leak in snapshot.leaks:
        if leak.status is not leak.parent_status:
            detail = f"is {leak.status} but belongs to {leak.parent_id}, {leak.parent_status}"
            yield AuditFinding(FindingKind.DRILL_LEAK, leak.subject_id, leak.status, detail)


def _counts(snapshot: Snapshot) -> Iterable[AuditFinding]:
    for fanout in snapshot.fanouts:
        figures = (fanout.recipients, fanout.rows, fanout.records)
        if len(set(figures)) > 1:
            yield AuditFinding(
                FindingKind.FANOUT,
                fanout.command_id,
                fanout.status,
                f"{fanout.recipients} recipients, {fanout.rows} assignments, "
                f"{fanout.records} records",
                ROUNDS_IN_FLIGHT,
                figures,
                snapshot.may_be_in_flight("command"),
            )
    for count in snapshot.counts:
        if count.on_topic != count.in_table:
            yield AuditFinding(
                FindingKind.COUNT_DIFFERS,
                f"{count.name}:{count.status}",
                count.status,
                f"{count.on_topic} on the topic, {count.in_table} in the table",
                ROUNDS_IN_FLIGHT,
                (count.on_topic, count.in_table),
                snapshot.may_be_in_flight(count.service),
            )
    if snapshot.broken_entry is not None:
        detail = f"entry {snapshot.broken_entry} does not follow from the one before it"
        yield AuditFinding(FindingKind.TRAIL_BROKEN, "trail", Status.ACTUAL, detail)


def _rows(snapshot: Snapshot) -> Iterable[AuditFinding]:
    for row in snapshot.rows:
        if row.stored == row.published:
            continue
        # A version has one state, on the topic and in each table; a newer version may be in flight.
        same_version = row.stored is not None and row.stored[0] == row.published[0]
        stored = "no such row" if row.stored is None else f"{row.stored[1]} ({row.stored[0]})"
        yield AuditFinding(
            FindingKind.ROW_DIFFERS,
            f"{row.table}:{row.subject_id}",
            row.status,
            f"the topic says {row.published[1]} ({row.published[0]}), the table {stored}",
            ROUNDS if same_version else ROUNDS_IN_FLIGHT,
            (*row.published, *(row.stored or ())),
            not same_version and snapshot.may_be_in_flight(row.service),
        )


def _counters(snapshot: Snapshot) -> Iterable[AuditFinding]:
    for comparison in snapshot.counters:
        zeros = (0,) * len(comparison.names)
        pairs = zip(
            comparison.names,
            comparison.stored or zeros,
            comparison.counted or zeros,
            strict=True,
        )
        differences = [
            f"{name} {stored}, not {counted}"
            for name, stored, counted in pairs
            if stored != counted
        ]
        absent = "no counters" if comparison.stored is None else "no rows"
        yield AuditFinding(
            FindingKind.COUNTER_DIFFERS,
            f"{comparison.table}:{comparison.subject_id}",
            comparison.status,
            ", ".join(differences) or absent,
        )


def _stranded_alarms(snapshot: Snapshot) -> Iterable[AuditFinding]:
    for alarm in snapshot.stranded_alarms:
        detail = f"{alarm.disposition}, but by nothing that stands"
        yield AuditFinding(FindingKind.STRANDED, alarm.alarm_id, alarm.status, detail)


def _hops(snapshot: Snapshot, now: datetime) -> Iterable[AuditFinding]:
    for reader in snapshot.stopped_readers:
        topic, part = reader.partition
        yield AuditFinding(
            FindingKind.CONSUMER_STOPPED,
            f"{reader.service}:{topic}/{part}",
            Status.ACTUAL,
            f"stands at {reader.stored_offset} while the partition ends at {reader.end_offset}",
            ROUNDS_STOPPED,
            (reader.stored_offset,),
        )
        if reader.late:
            yield AuditFinding(
                FindingKind.READER_LATE,
                f"{reader.service}:{topic}/{part}",
                Status.ACTUAL,
                f"record {reader.stored_offset} has waited longer than "
                f"{READER_GRACE.total_seconds():.0f} s, the end is {reader.end_offset}",
                ROUNDS_STOPPED,
            )
    for suspect in snapshot.suspects:
        if suspect.flaw is RecordFlaw.UNREFUSED and now - suspect.found_at <= UNREFUSED_GRACE:
            continue
        topic, part = suspect.partition
        yield AuditFinding(
            _kind_of(suspect.flaw),
            f"{suspect.service}:{topic}/{part}@{suspect.offset}",
            Status.ACTUAL,
            f"{suspect.flaw}, seen at {suspect.found_at.isoformat()}",
            1,
        )
    for group in snapshot.suspect_groups:
        yield from _suspect_group(group)
    for hop in snapshot.balances:
        if hop.unexplained:
            yield AuditFinding(
                FindingKind.HOP_UNBALANCED,
                f"{hop.service}:{hop.topic}",
                Status.ACTUAL,
                f"{hop.unexplained} of {hop.records_in} records are neither passed nor in flight",
                ROUNDS,
                (hop.unexplained,),
            )


def _carriers(snapshot: Snapshot) -> Iterable[AuditFinding]:
    for carrier in snapshot.carriers:
        detail = f"{carrier.pages} pages wait after failed attempts: {carrier.error}"
        yield AuditFinding(
            FindingKind.CARRIER_FAILS, carrier.channel, Status.ACTUAL, detail, ROUNDS_CARRIER
        )


def _components(snapshot: Snapshot) -> Iterable[AuditFinding]:
    for fault in snapshot.components:
        detail = f"{fault.reason}, since {fault.since.isoformat(timespec='seconds')}"
        yield AuditFinding(fault.kind, fault.component, Status.ACTUAL, detail, 1)


def _growing_letters(snapshot: Snapshot) -> Iterable[AuditFinding]:
    for rate in snapshot.letter_rates:
        few = FEW_BUGS if rate.reason == Reason.HANDLER_ERROR else FEW_LETTERS
        if rate.recent > max(few, GROWTH * rate.usual):
            yield AuditFinding(
                FindingKind.LETTERS_GROW,
                f"{rate.service}:{rate.topic}/{rate.reason}",
                Status.ACTUAL,
                f"{rate.recent} dead letters within 5 minutes, {rate.usual:.1f} are usual",
            )


def _clocks(snapshot: Snapshot) -> Iterable[AuditFinding]:
    difference = snapshot.clock_difference
    if difference is not None:
        topic, part = difference.partition
        direction = "ahead of" if difference.lead_s > 0 else "behind"
        yield AuditFinding(
            FindingKind.CLOCKS_DIFFER,
            "kafka:postgres",
            Status.ACTUAL,
            f"Kafka's clock is at least {abs(difference.lead_s):.1f} s {direction} Postgres', "
            f"by {topic}/{part}",
            1,
        )


def _suspect_group(group: SuspectGroup) -> Iterable[AuditFinding]:
    """Yield a finding for each power of ten that the group has passed: growth is reported."""
    threshold = NAMED_SUSPECTS
    while group.records > threshold:
        yield AuditFinding(
            _kind_of(group.flaw),
            f"{group.service}:{group.topic}/{group.flaw}>{threshold}",
            Status.ACTUAL,
            f"{group.records} records are {group.flaw}; "
            f"the first {NAMED_SUSPECTS} are findings of their own",
            ROUNDS_UNREFUSED if group.flaw is RecordFlaw.UNREFUSED else 1,
        )
        threshold *= 10


def _kind_of(flaw: RecordFlaw) -> FindingKind:
    return FindingKind.RECORD_LOST if flaw is RecordFlaw.LOST else FindingKind.RECORD_CORRUPT
