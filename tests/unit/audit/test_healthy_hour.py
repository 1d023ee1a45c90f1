"""An hour of rounds over a system at work, simulated: nothing is raised; then one fault, and it is.

Commits, outbox, topic and readers are simulated with their delays and stalls; what the auditor makes of
what it would see is the real thing (core/flight.py, core/liveness.py).
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from services.audit.core import snapshot as seen
from services.audit.core.flight import Before, moving
from services.audit.core.liveness import Finding, Key, Suspicion, find, weigh
from services.audit.core.snapshot import FindingKind, Snapshot
from shared.contracts.fields import Status
from tests.unit.audit.builders import T0

ROUND_S, HOUR_S = 2.0, 3_600.0
PLACE = ("command.assignments.v1", 0)
ACTUAL = Status.ACTUAL
KINDS = frozenset(FindingKind)
LONGEST_STALL_S = 7.0
"""A large fan-out in one transaction; a reader that stands longer is a finding."""


@dataclass
class World:
    """One topic from `command` to the auditor and the console; times in seconds, sorted."""

    committed: list[float] = field(default_factory=list)
    published: list[float] = field(default_factory=list)
    passed: dict[str, list[float]] = field(default_factory=lambda: {"audit": [], "console": []})
    versions: list[tuple[str, int]] = field(default_factory=list)

    @classmethod
    def made(cls, chance: random.Random) -> World:
        world = cls()
        now, newest = 0.0, Counter[str]()
        stall = dict.fromkeys(world.passed, 0.0)
        while now < HOUR_S:
            # Bursts (a fan-out, a town signing) and lulls of up to a minute.
            now += chance.choice([0.0, 0.01, 0.2, 2.0, chance.uniform(0, 60)])
            subject = f"asg-{chance.randrange(40)}"
            newest[subject] += 1
            world.versions.append((subject, newest[subject]))
            world.committed.append(now)
            world.published.append(max(now + chance.uniform(0.01, 1.5), *world.published[-1:], 0))
            for reader, times in world.passed.items():
                if chance.random() < 0.01:
                    stall[reader] = world.published[-1] + chance.uniform(0, LONGEST_STALL_S)
                delay = world.published[-1] + chance.uniform(0.01, 0.8)
                times.append(max(delay, stall[reader], *times[-1:]))
        return world

    def newest(self, times: list[float], at: float) -> dict[str, int]:
        return dict(self.versions[: bisect_right(times, at)])


def look(world: World, at: float, before: Before | None) -> tuple[Snapshot, Before]:
    """What a round that begins at `at` sees: readers first, then Kafka, then the tables."""
    kafka, tables = at + 0.05, at + 0.1
    stored = {(name, PLACE): bisect_right(times, at) for name, times in world.passed.items()}
    out, done = bisect_right(world.committed, at), bisect_right(world.published, at)
    waiting = {"command": T0 + timedelta(seconds=world.committed[done])} if done < out else {}
    end = bisect_right(world.published, kafka)
    told = world.newest(world.passed["audit"], tables)
    rows = [
        seen.Row(table, service, subject, ACTUAL, (version, f"s{version}"), state(has, subject))
        for table, service, has in (
            ("command.assignment", "command", world.newest(world.committed, tables)),
            ("console.assignment", "console", world.newest(world.passed["console"], tables)),
        )
        for subject, version in told.items()
    ]
    first = sum(
        1 for _, version in world.versions[: bisect_right(world.committed, tables)] if version == 1
    )
    return Snapshot(
        KINDS,
        None if before is None else moving(stored, waiting, before),
        rows=tuple(rows),
        counts=(seen.Count("assignments", "command", ACTUAL, len(told), first),),
        stands=tuple(
            seen.Stand(service, place, offset, end)
            for (service, place), offset in stored.items()
            if offset < end
        ),
        outboxes=tuple(seen.Outbox(name, oldest, 1) for name, oldest in waiting.items()),
    ), Before({PLACE: end}, T0 + timedelta(seconds=tables))


def state(has: dict[str, int], subject: str) -> tuple[int, str] | None:
    return (has[subject], f"s{has[subject]}") if subject in has else None


def rounds(world: World, spoil: str = "") -> Iterator[tuple[float, Finding]]:
    """What is raised, and when. From half an hour on, `spoil` is broken."""
    suspicions: Mapping[Key, Suspicion] = {}
    before: Before | None = None
    at = 0.0
    while at < HOUR_S:
        snapshot, before = look(world, at, before)
        if spoil and at >= HOUR_S / 2:
            snapshot = spoilt(snapshot, spoil)
        now: datetime = T0 + timedelta(seconds=at + 0.1)
        verdict = weigh(find(snapshot, now), KINDS, suspicions, ())
        suspicions = verdict.suspicions
        for finding in verdict.raised:
            yield at, finding
        at += ROUND_S


def spoilt(snapshot: Snapshot, what: str) -> Snapshot:
    if what == "a row of another state":
        rows = [replace(row, stored=(row.told[0], "done")) for row in snapshot.rows[:1]]
        return replace(snapshot, rows=(*rows, *snapshot.rows[1:]))
    if what == "a row that is gone":
        return replace(snapshot, rows=(replace(snapshot.rows[0], stored=None), *snapshot.rows[1:]))
    stand = seen.Stand("notify", PLACE, 3, 9)
    return replace(snapshot, stands=(*snapshot.stands, stand))


@pytest.mark.parametrize("seed", range(6))
def test_an_hour_at_work_raises_nothing(seed: int) -> None:
    world = World.made(random.Random(seed))
    assert len(world.versions) > 200
    assert list(rounds(world)) == []


SPOILT = {
    "a row of another state": FindingKind.ROW_DIFFERS,
    "a row that is gone": FindingKind.ROW_DIFFERS,
    "a reader that stands": FindingKind.CONSUMER_STOPPED,
}


@pytest.mark.parametrize("what", SPOILT)
@pytest.mark.parametrize("seed", range(3))
def test_and_in_the_midst_of_it_a_fault_is_found_within_fifteen_seconds(
    what: str, seed: int
) -> None:
    raised = list(rounds(World.made(random.Random(seed)), what))
    at, finding = raised[0]
    assert finding.kind is SPOILT[what]
    assert HOUR_S / 2 <= at <= HOUR_S / 2 + 15
