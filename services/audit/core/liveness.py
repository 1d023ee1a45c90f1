"""What is wrong, judged from snapshots: whatever is open must have something that will move it on.

A suspicion becomes a finding when it was seen in several checks running (work in flight looks wrong
for a moment), and is resolved in the first check that looked for it and did not see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.contracts.fields import Status

TIMER_GRACE = timedelta(seconds=5)
"""A durable timer may fire this much late (its service sweeps every 0.25 s)."""
OUTBOX_GRACE = timedelta(seconds=10)
LEASE_GRACE = timedelta(seconds=5)
CHECKS = 2
"""Checks running in which a suspicion must be seen."""
CHECKS_IN_FLIGHT = 3
"""The same for counts while records are on their way, and then always with the same figures."""


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
    """An armed timer of a service and when it should have fired."""

    service: str
    subject_id: str
    kind: str
    due_at: datetime


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
    """The same quantity from the topics and from a table."""

    name: str
    status: Status
    on_topic: int
    in_table: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one check saw. `looked` are the kinds it could look for; `quiet`: nothing in flight."""

    looked: frozenset[FindingKind]
    quiet: bool = True
    clocks: tuple[ArmedTimers, ...] = ()
    timers: tuple[DueTimer, ...] = ()
    outboxes: tuple[Outbox, ...] = ()
    leases: tuple[Lease, ...] = ()
    fanouts: tuple[Fanout, ...] = ()
    leaks: tuple[Leak, ...] = ()
    counts: tuple[Count, ...] = ()
    broken_at: int | None = None


Key = tuple[FindingKind, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with one subject. `figures` is compared between checks where counts move."""

    kind: FindingKind
    subject_id: str
    status: Status
    detail: str
    needs: int = CHECKS
    figures: tuple[int, ...] = ()

    @property
    def key(self) -> Key:
        """What makes it the same finding in the next check."""
        return self.kind, self.subject_id


def find(snapshot: Snapshot, now: datetime) -> list[Finding]:
    """Everything suspicious in a snapshot, in a fixed order, each subject once per kind."""
    found = [
        *_timers(snapshot, now),
        *_movements(snapshot, now),
        *_leaks(snapshot),
        *_counts(snapshot),
    ]
    return list({one.key: one for one in reversed(found)}.values())[::-1]


def _timers(snapshot: Snapshot, now: datetime) -> Iterable[Finding]:
    for one in snapshot.clocks:
        if one.armed != one.wanted:
            subject = f"{one.clock}:{one.subject_id}"
            detail = f"{one.armed} armed timers, not {one.wanted}"
            yield Finding(FindingKind.TIMER_COUNT, subject, one.status, detail)
    for due in snapshot.timers:
        late = now - due.due_at
        if late > TIMER_GRACE:
            subject = f"{due.service}:{due.kind}:{due.subject_id}"
            detail = f"due {late.total_seconds():.0f} s ago and not fired"
            yield Finding(FindingKind.TIMER_OVERDUE, subject, Status.ACTUAL, detail)


def _movements(snapshot: Snapshot, now: datetime) -> Iterable[Finding]:
    for outbox in snapshot.outboxes:
        if now - outbox.oldest > OUTBOX_GRACE:
            detail = f"{outbox.rows} rows wait, the oldest since {outbox.oldest.isoformat()}"
            yield Finding(FindingKind.OUTBOX_STUCK, outbox.service, Status.ACTUAL, detail)
    for lease in snapshot.leases:
        if now - lease.lease_until > LEASE_GRACE:
            detail = f"sending, lease until {lease.lease_until.isoformat()}"
            yield Finding(FindingKind.LEASE_EXPIRED, lease.page_id, lease.status, detail)


def _leaks(snapshot: Snapshot) -> Iterable[Finding]:
    for leak in snapshot.leaks:
        if leak.status is not leak.other_status:
            detail = f"is {leak.status} but belongs to {leak.belongs_to}, {leak.other_status}"
            yield Finding(FindingKind.DRILL_LEAK, leak.subject_id, leak.status, detail)


def _counts(snapshot: Snapshot) -> Iterable[Finding]:
    needs = CHECKS if snapshot.quiet else CHECKS_IN_FLIGHT
    for one in snapshot.fanouts:
        figures = (one.recipients, one.rows, one.records)
        if len(set(figures)) > 1:
            detail = f"{one.recipients} recipients, {one.rows} assignments, {one.records} records"
            yield Finding(FindingKind.FANOUT, one.command_id, one.status, detail, needs, figures)
    for count in snapshot.counts:
        if count.on_topic != count.in_table:
            yield Finding(
                FindingKind.COUNT_DIFFERS,
                f"{count.name}:{count.status}",
                count.status,
                f"{count.on_topic} on the topic, {count.in_table} in the table",
                needs,
                (count.on_topic, count.in_table),
            )
    if snapshot.broken_at is not None:
        detail = f"entry {snapshot.broken_at} does not follow from the one before it"
        yield Finding(FindingKind.TRAIL_BROKEN, "trail", Status.ACTUAL, detail)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A finding in the making: seen so many checks running."""

    finding: Finding
    seen: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a check: new findings, keys of resolved ones, what to keep in mind."""

    raised: list[Finding] = field(default_factory=list)
    resolved: list[Key] = field(default_factory=list)
    suspicions: Mapping[Key, Suspicion] = field(default_factory=dict)


def weigh(
    found: Iterable[Finding],
    looked: frozenset[FindingKind],
    suspicions: Mapping[Key, Suspicion],
    open_: Iterable[Key],
) -> Verdict:
    """Raise what was seen often enough, resolve what is gone; `open_` are findings raised before.

    A leak of a drill is never resolved: that it happened does not go away.
    """
    present = {one.key: one for one in found}
    already = set(open_)
    kept: dict[Key, Suspicion] = {
        key: one for key, one in suspicions.items() if key[0] not in looked
    }
    raised: list[Finding] = []
    for key, finding in present.items():
        before = suspicions.get(key)
        same = before is not None and before.finding.figures == finding.figures
        seen = before.seen + 1 if before is not None and same else 1
        kept[key] = Suspicion(finding, seen)
        if seen >= finding.needs and key not in already:
            raised.append(finding)
    resolved = [
        key
        for key in sorted(already)
        if key not in present and key[0] in looked and key[0] is not FindingKind.DRILL_LEAK
    ]
    return Verdict(raised, resolved, kept)
