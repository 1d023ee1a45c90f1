"""An hour of rounds over a simulated system: no finding is raised; then one fault is found in time.

Commits, outbox, topic and readers are simulated with their delays and stalls. The decisions of the
auditor are the real ones (core/conservation/in_flight.py, core/findings).
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from services.audit.core.conservation.in_flight import PreviousRound, unsettled_services
from services.audit.core.findings.confirmation import Suspicion, confirm_findings
from services.audit.core.findings.detection import AuditFinding, FindingKey, detect_findings
from services.audit.core.findings.snapshot import (
    CountComparison,
    FindingKind,
    OutboxBacklog,
    ReaderPosition,
    RowComparison,
    Snapshot,
)
from shared.contracts.fields import Status
from tests.unit.audit.builders import T0

ROUND_S, HOUR_S = 2.0, 3_600.0
PARTITION = ("command.assignments.v1", 0)
ACTUAL = Status.ACTUAL
KINDS = frozenset(FindingKind)
LONGEST_STALL_S = 7.0
"""The time of a large fan-out in one transaction; a reader that stops for longer is a finding."""


@dataclass
class SimulatedTopic:
    """One topic from `command` to the auditor and the console; times in seconds, sorted."""

    committed: list[float] = field(default_factory=list)
    published: list[float] = field(default_factory=list)
    passed: dict[str, list[float]] = field(default_factory=lambda: {"audit": [], "console": []})
    versions: list[tuple[str, int]] = field(default_factory=list)

    @classmethod
    def simulate(cls, chance: random.Random) -> SimulatedTopic:
        """Simulate an hour."""
        topic = cls()
        now, newest = 0.0, Counter[str]()
        stall = dict.fromkeys(topic.passed, 0.0)
        while now < HOUR_S:
            # Bursts (a fan-out, a town signing) and lulls of up to a minute.
            now += chance.choice([0.0, 0.01, 0.2, 2.0, chance.uniform(0, 60)])
            subject = f"asg-{chance.randrange(40)}"
            newest[subject] += 1
            topic.versions.append((subject, newest[subject]))
            topic.committed.append(now)
            topic.published.append(max(now + chance.uniform(0.01, 1.5), *topic.published[-1:], 0))
            for reader, times in topic.passed.items():
                if chance.random() < 0.01:
                    stall[reader] = topic.published[-1] + chance.uniform(0, LONGEST_STALL_S)
                delay = topic.published[-1] + chance.uniform(0.01, 0.8)
                times.append(max(delay, stall[reader], *times[-1:]))
        return topic

    def newest(self, times: list[float], at: float) -> dict[str, int]:
        """Return the newest version of each subject at a time."""
        return dict(self.versions[: bisect_right(times, at)])


def take_snapshot(
    topic: SimulatedTopic, at: float, previous: PreviousRound | None
) -> tuple[Snapshot, PreviousRound]:
    """Return the snapshot of a round that begins at `at`: readers, then Kafka, then the tables."""
    kafka, tables = at + 0.05, at + 0.1
    stored = {(name, PARTITION): bisect_right(times, at) for name, times in topic.passed.items()}
    committed, published = bisect_right(topic.committed, at), bisect_right(topic.published, at)
    unpublished: dict[str, datetime] = {}
    if published < committed:
        unpublished["command"] = T0 + timedelta(seconds=topic.committed[published])
    end = bisect_right(topic.published, kafka)
    newest = topic.newest(topic.passed["audit"], tables)
    rows = [
        RowComparison(
            table, service, subject, ACTUAL, (version, f"s{version}"), state(stored_rows, subject)
        )
        for table, service, stored_rows in (
            ("command.assignment", "command", topic.newest(topic.committed, tables)),
            ("console.assignment", "console", topic.newest(topic.passed["console"], tables)),
        )
        for subject, version in newest.items()
    ]
    in_table = topic.versions[: bisect_right(topic.committed, tables)]
    first = sum(1 for _, version in in_table if version == 1)
    return Snapshot(
        KINDS,
        None if previous is None else unsettled_services(stored, unpublished, previous),
        rows=tuple(rows),
        counts=(CountComparison("assignments", "command", ACTUAL, len(newest), first),),
        stopped_readers=tuple(
            ReaderPosition(service, partition, offset, end)
            for (service, partition), offset in stored.items()
            if offset < end
        ),
        outboxes=tuple(OutboxBacklog(name, oldest, 1) for name, oldest in unpublished.items()),
    ), PreviousRound({PARTITION: end}, T0 + timedelta(seconds=tables))


def state(rows: dict[str, int], subject: str) -> tuple[int, str] | None:
    return (rows[subject], f"s{rows[subject]}") if subject in rows else None


def rounds(topic: SimulatedTopic, fault: str = "") -> Iterator[tuple[float, AuditFinding]]:
    """Yield raised findings with their times. From half an hour on, each snapshot has the fault."""
    suspicions: Mapping[FindingKey, Suspicion] = {}
    previous: PreviousRound | None = None
    at = 0.0
    while at < HOUR_S:
        snapshot, previous = take_snapshot(topic, at, previous)
        if fault and at >= HOUR_S / 2:
            snapshot = with_fault(snapshot, fault)
        now: datetime = T0 + timedelta(seconds=at + 0.1)
        changes = confirm_findings(detect_findings(snapshot, now), KINDS, suspicions, ())
        suspicions = changes.suspicions
        for finding in changes.raised:
            yield at, finding
        at += ROUND_S


def with_fault(snapshot: Snapshot, fault: str) -> Snapshot:
    if fault == "a row of another state":
        rows = [replace(row, stored=(row.published[0], "done")) for row in snapshot.rows[:1]]
        return replace(snapshot, rows=(*rows, *snapshot.rows[1:]))
    if fault == "a row that is deleted":
        return replace(snapshot, rows=(replace(snapshot.rows[0], stored=None), *snapshot.rows[1:]))
    reader = ReaderPosition("notify", PARTITION, 3, 9)
    return replace(snapshot, stopped_readers=(*snapshot.stopped_readers, reader))


@pytest.mark.parametrize("seed", range(6))
def test_an_hour_at_work_raises_nothing(seed: int) -> None:
    topic = SimulatedTopic.simulate(random.Random(seed))
    assert len(topic.versions) > 200
    assert list(rounds(topic)) == []


FAULTS = {
    "a row of another state": FindingKind.ROW_DIFFERS,
    "a row that is deleted": FindingKind.ROW_DIFFERS,
    "a reader that stops": FindingKind.CONSUMER_STOPPED,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_fault_in_the_middle_of_the_hour_is_found_within_fifteen_seconds(
    fault: str, seed: int
) -> None:
    raised = list(rounds(SimulatedTopic.simulate(random.Random(seed)), fault))
    at, finding = raised[0]
    assert finding.kind is FAULTS[fault]
    assert HOUR_S / 2 <= at <= HOUR_S / 2 + 15
