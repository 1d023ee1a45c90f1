"""What is wrong, judged from snapshots: whatever is open must have something that will move it on.

A suspicion becomes a finding when it was seen in several checks running (work in flight looks wrong
for a moment), and is resolved in the first check that looked for it and did not see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.audit.core.provenance import Crowd, Flaw
from services.audit.core.snapshot import FindingKind, Snapshot
from shared.contracts.fields import Status

TIMER_GRACE = timedelta(seconds=5)
"""A durable timer may fire this much late (its service sweeps every 0.25 s)."""
OUTBOX_GRACE = timedelta(seconds=10)
LEASE_GRACE = timedelta(seconds=5)
CHECKS = 2
"""Checks running in which a suspicion must be seen."""
CHECKS_IN_FLIGHT = 3
"""The same for what records on their way explain, always with the same figures and never while its
services may still be about to show what was committed before: by the third such check they have."""
STOPPED_CHECKS = 5
"""Checks running in which a reader stands at the same record with others behind it: 8 s at 2 s each."""
UNREFUSED_GRACE = timedelta(seconds=5)
"""A record that nobody can use is dead-lettered within this."""
UNREFUSED_CHECKS = 4
"""The same for a crowd of such records, in checks of 2 s."""
NAMED = 100
"""Suspects of one flaw, topic and service that are findings of their own; the others are counted."""


Key = tuple[FindingKind, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with one subject. `figures` is compared between checks where counts move.

    `held`: there it is, but what is in flight may explain it; this check neither counts nor clears it.
    """

    kind: FindingKind
    subject_id: str
    status: Status
    detail: str
    needs: int = CHECKS
    figures: tuple[int | str, ...] = ()
    held: bool = False

    @property
    def key(self) -> Key:
        """What makes it the same finding in the next check."""
        return self.kind, self.subject_id


def find(snapshot: Snapshot, now: datetime) -> list[Finding]:
    """Everything suspicious in a snapshot, in a fixed order, each subject once per kind."""
    results = [
        *_timers(snapshot, now),
        *_movements(snapshot, now),
        *_leaks(snapshot),
        *_counts(snapshot),
        *_rows(snapshot),
        *_recounts(snapshot),
        *_stranded(snapshot),
        *_hops(snapshot, now),
    ]
    return list({finding.key: finding for finding in reversed(results)}.values())[::-1]


def _timers(snapshot: Snapshot, now: datetime) -> Iterable[Finding]:
    for armed_timers in snapshot.clocks:
        if armed_timers.armed != armed_timers.wanted:
            subject = f"{armed_timers.clock}:{armed_timers.subject_id}"
            detail = f"{armed_timers.armed} armed timers, not {armed_timers.wanted}"
            yield Finding(FindingKind.TIMER_COUNT, subject, armed_timers.status, detail)
    for due in snapshot.timers:
        late = now - due.due_at
        if late > TIMER_GRACE or due.error is not None:
            subject = f"{due.service}:{due.kind}:{due.subject_id}"
            detail = f"due {late.total_seconds():.0f} s ago and not fired"
            if due.error is not None:
                detail = f"due at {due.due_at.isoformat()} and failed: {due.error}"
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
    for fanout in snapshot.fanouts:
        figures = (fanout.recipients, fanout.rows, fanout.records)
        if len(set(figures)) > 1:
            detail = f"{fanout.recipients} recipients, {fanout.rows} assignments, {fanout.records} records"
            yield Finding(
                FindingKind.FANOUT,
                fanout.command_id,
                fanout.status,
                detail,
                CHECKS_IN_FLIGHT,
                figures,
                snapshot.held("command"),
            )
    for count in snapshot.counts:
        if count.on_topic != count.in_table:
            yield Finding(
                FindingKind.COUNT_DIFFERS,
                f"{count.name}:{count.status}",
                count.status,
                f"{count.on_topic} on the topic, {count.in_table} in the table",
                CHECKS_IN_FLIGHT,
                (count.on_topic, count.in_table),
                snapshot.held(count.service),
            )
    if snapshot.broken_at is not None:
        detail = f"entry {snapshot.broken_at} does not follow from the one before it"
        yield Finding(FindingKind.TRAIL_BROKEN, "trail", Status.ACTUAL, detail)


def _rows(snapshot: Snapshot) -> Iterable[Finding]:
    for row in snapshot.rows:
        if row.stored == row.told:
            continue
        # A version has one state, whoever tells it; another version may be on its way.
        same_version = row.stored is not None and row.stored[0] == row.told[0]
        has = "no such row" if row.stored is None else f"{row.stored[1]} ({row.stored[0]})"
        yield Finding(
            FindingKind.ROW_DIFFERS,
            f"{row.table}:{row.subject_id}",
            row.status,
            f"the topic says {row.told[1]} ({row.told[0]}), the table {has}",
            CHECKS if same_version else CHECKS_IN_FLIGHT,
            (*row.told, *(row.stored or ())),
            not same_version and snapshot.held(row.service),
        )


def _recounts(snapshot: Snapshot) -> Iterable[Finding]:
    for recount in snapshot.recounts:
        kept = recount.kept or (0,) * len(recount.names)
        counted = recount.counted or (0,) * len(recount.names)
        wrong = [
            f"{name} {had}, not {has}"
            for name, had, has in zip(recount.names, kept, counted, strict=True)
            if had != has
        ]
        missing = "no counters" if recount.kept is None else "no rows"
        yield Finding(
            FindingKind.COUNTER_DIFFERS,
            f"{recount.table}:{recount.subject_id}",
            recount.status,
            ", ".join(wrong) or missing,
        )


def _stranded(snapshot: Snapshot) -> Iterable[Finding]:
    for one in snapshot.stranded:
        detail = f"{one.disposition}, but by nothing that stands"
        yield Finding(FindingKind.STRANDED, one.alarm_id, one.status, detail)


def _hops(snapshot: Snapshot, now: datetime) -> Iterable[Finding]:
    for stand in snapshot.stands:
        topic, part = stand.place
        yield Finding(
            FindingKind.CONSUMER_STOPPED,
            f"{stand.service}:{topic}/{part}",
            Status.ACTUAL,
            f"stands at {stand.stored} while the partition ends at {stand.end}",
            STOPPED_CHECKS,
            (stand.stored,),
        )
    for suspect in snapshot.suspects:
        if suspect.flaw is Flaw.UNREFUSED and now - suspect.found_at <= UNREFUSED_GRACE:
            continue
        topic, part = suspect.place
        yield Finding(
            FindingKind.RECORD_LOST if suspect.flaw is Flaw.LOST else FindingKind.RECORD_CORRUPT,
            f"{suspect.service}:{topic}/{part}@{suspect.offset}",
            Status.ACTUAL,
            f"{suspect.flaw}, seen at {suspect.found_at.isoformat()}",
            1,
        )
    for crowd in snapshot.crowds:
        yield from _crowd(crowd)
    for hop in snapshot.balances:
        if hop.unexplained:
            yield Finding(
                FindingKind.HOP_UNBALANCED,
                f"{hop.service}:{hop.topic}",
                Status.ACTUAL,
                f"{hop.unexplained} of {hop.records_in} records are neither passed nor in flight",
                CHECKS,
                (hop.unexplained,),
            )


def _crowd(crowd: Crowd) -> Iterable[Finding]:
    """One finding for each power of ten that the crowd has passed, so that its growth is told."""
    than = NAMED
    while crowd.records > than:
        yield Finding(
            FindingKind.RECORD_LOST if crowd.flaw is Flaw.LOST else FindingKind.RECORD_CORRUPT,
            f"{crowd.service}:{crowd.topic}/{crowd.flaw}>{than}",
            Status.ACTUAL,
            f"{crowd.records} records are {crowd.flaw}; the first {NAMED} are findings of their own",
            UNREFUSED_CHECKS if crowd.flaw is Flaw.UNREFUSED else 1,
        )
        than *= 10


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
    present = {finding.key: finding for finding in found}
    already = set(open_)
    kept: dict[Key, Suspicion] = {
        key: suspicion for key, suspicion in suspicions.items() if key[0] not in looked
    }
    raised: list[Finding] = []
    for key, finding in present.items():
        before = suspicions.get(key)
        if finding.held:
            if before is not None:
                kept[key] = before
            continue
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
