"""What a snapshot is judged as, and when a suspicion becomes a finding."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.core import liveness
from services.audit.core.conservation import Balance
from services.audit.core.liveness import Finding, Key, Suspicion, weigh
from services.audit.core.provenance import Flaw, Suspect
from services.audit.core.snapshot import (
    ArmedTimers,
    Count,
    DueTimer,
    Fanout,
    FindingKind,
    Leak,
    Lease,
    Outbox,
    Recounted,
    Row,
    Snapshot,
    Stand,
    Stranded,
)
from shared.contracts.fields import Status
from tests.unit.audit.builders import T0

ALL = frozenset(FindingKind)
ACTUAL = Status.ACTUAL


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


PLACE = ("duty.pages.v1", 3)


def a_suspect(flaw: Flaw, ago_s: float = 0) -> Suspect:
    return Suspect(PLACE, 7, "notify", flaw, "pag-1", b"", b"", T0 - seconds(ago_s))


def a_balance(lost: int, difference: int) -> Balance:
    return Balance("notify", PLACE[0], 10, 10 - difference, 0, 0, 0, 0, 0, lost, difference)


def a_row(stored: tuple[int, str] | None) -> Row:
    return Row("notify.page", "notify", "pag-1", ACTUAL, (2, "signed"), stored)


CASES: list[tuple[Snapshot, FindingKind | None]] = [
    (Snapshot(ALL), None),
    (Snapshot(ALL, clocks=(ArmedTimers("sign", "asg-1", ACTUAL, 1),)), None),
    (Snapshot(ALL, clocks=(ArmedTimers("sign", "asg-1", ACTUAL, 0),)), FindingKind.TIMER_COUNT),
    (Snapshot(ALL, clocks=(ArmedTimers("sign", "asg-1", ACTUAL, 2),)), FindingKind.TIMER_COUNT),
    (Snapshot(ALL, clocks=(ArmedTimers("sign", "asg-1", ACTUAL, 0, 0),)), None),
    (Snapshot(ALL, clocks=(ArmedTimers("sign", "asg-1", ACTUAL, 1, 0),)), FindingKind.TIMER_COUNT),
    (Snapshot(ALL, timers=(DueTimer("command", "asg-1", "k", T0 - seconds(5)),)), None),
    (
        Snapshot(ALL, timers=(DueTimer("command", "asg-1", "k", T0 - seconds(5.1)),)),
        FindingKind.TIMER_OVERDUE,
    ),
    (Snapshot(ALL, timers=(DueTimer("command", "a", "k", T0, "bug"),)), FindingKind.TIMER_OVERDUE),
    (Snapshot(ALL, outboxes=(Outbox("notify", T0 - seconds(10), 3),)), None),
    (Snapshot(ALL, outboxes=(Outbox("notify", T0 - seconds(11), 3),)), FindingKind.OUTBOX_STUCK),
    (Snapshot(ALL, leases=(Lease("pag-1", ACTUAL, T0 - seconds(4)),)), None),
    (Snapshot(ALL, leases=(Lease("pag-1", ACTUAL, T0 - seconds(6)),)), FindingKind.LEASE_EXPIRED),
    (Snapshot(ALL, fanouts=(Fanout("cmd-1", ACTUAL, 3, 3, 3),)), None),
    (Snapshot(ALL, fanouts=(Fanout("cmd-1", ACTUAL, 3, 2, 3),)), FindingKind.FANOUT),
    (Snapshot(ALL, fanouts=(Fanout("cmd-1", ACTUAL, 3, 3, 2),)), FindingKind.FANOUT),
    (Snapshot(ALL, leaks=(Leak("p", ACTUAL, "l", ACTUAL),)), None),
    (Snapshot(ALL, leaks=(Leak("p", ACTUAL, "l", Status.EXERCISE),)), FindingKind.DRILL_LEAK),
    (Snapshot(ALL, counts=(Count("pages", "notify", ACTUAL, 5, 5),)), None),
    (Snapshot(ALL, counts=(Count("pages", "notify", ACTUAL, 5, 6),)), FindingKind.COUNT_DIFFERS),
    (Snapshot(ALL, broken_at=4), FindingKind.TRAIL_BROKEN),
    (Snapshot(ALL, stands=(Stand("notify", PLACE, 5, 6),)), FindingKind.CONSUMER_STOPPED),
    (Snapshot(ALL, suspects=(a_suspect(Flaw.LOST),)), FindingKind.RECORD_LOST),
    (Snapshot(ALL, suspects=(a_suspect(Flaw.FORGED),)), FindingKind.RECORD_CORRUPT),
    (Snapshot(ALL, suspects=(a_suspect(Flaw.UNREFUSED, 6),)), FindingKind.RECORD_CORRUPT),
    (Snapshot(ALL, suspects=(a_suspect(Flaw.UNREFUSED, 5),)), None),
    (Snapshot(ALL, balances=(a_balance(lost=1, difference=1),)), None),
    (Snapshot(ALL, balances=(a_balance(lost=1, difference=2),)), FindingKind.HOP_UNBALANCED),
    (
        Snapshot(ALL, recounts=(Recounted("t", "c", ACTUAL, ("signed",), (2,), (1,)),)),
        FindingKind.COUNTER_DIFFERS,
    ),
    (Snapshot(ALL, stranded=(Stranded("alm-1", ACTUAL, "silenced"),)), FindingKind.STRANDED),
    (Snapshot(ALL, rows=(a_row((2, "signed")),)), None),
    (Snapshot(ALL, rows=(a_row((2, "done")),)), FindingKind.ROW_DIFFERS),
    (Snapshot(ALL, rows=(a_row((1, "delivered")),)), FindingKind.ROW_DIFFERS),
    (Snapshot(ALL, rows=(a_row(None),)), FindingKind.ROW_DIFFERS),
]


@pytest.mark.parametrize(("snapshot", "kind"), CASES)
def test_a_snapshot_is_judged(snapshot: Snapshot, kind: FindingKind | None) -> None:
    result = liveness.find(snapshot, T0)
    assert [finding.kind for finding in result] == ([] if kind is None else [kind])


def test_every_kind_can_be_found() -> None:
    assert {kind for _, kind in CASES} - {None} == ALL


def test_a_subject_is_named_once_per_kind() -> None:
    twice = Leak("p", ACTUAL, "l", Status.EXERCISE)
    assert len(liveness.find(Snapshot(ALL, leaks=(twice, twice)), T0)) == 1


def differing(on_topic: int, in_table: int, *moving: str) -> list[Finding]:
    count = Count("pages", "notify", ACTUAL, on_topic, in_table)
    return liveness.find(Snapshot(ALL, moving=frozenset(moving), counts=(count,)), T0)


def checks_until_raised(rounds: list[list[Finding]]) -> int | None:
    suspicions: dict[Key, Suspicion] = {}
    for number, round_item in enumerate(rounds, 1):
        verdict = weigh(round_item, ALL, suspicions, ())
        suspicions = dict(verdict.suspicions)
        if verdict.raised:
            return number
    return None


def test_a_finding_is_raised_in_the_second_check() -> None:
    result = liveness.find(Snapshot(ALL, clocks=(ArmedTimers("sign", "asg-1", ACTUAL, 0),)), T0)
    assert checks_until_raised([result, result]) == 2
    assert checks_until_raised([result, [], result]) is None
    assert checks_until_raised([result, [], result, result]) == 4


def test_what_is_in_flight_needs_three_checks_with_the_same_figures() -> None:
    same = differing(5, 6)
    assert checks_until_raised([same, same, same]) == 3
    moving = [differing(n, 100) for n in range(20)]
    assert checks_until_raised(moving) is None, "a backlog that shrinks is no difference"


@pytest.mark.parametrize("mover", ["audit", "notify"])
def test_nothing_is_judged_while_its_services_are_behind(mover: str) -> None:
    same, findings = differing(5, 6), differing(5, 6, mover)
    assert checks_until_raised([findings] * 20) is None
    assert checks_until_raised([same, findings, findings, same, findings, same]) == 6, (
        "forgotten or counted"
    )
    assert checks_until_raised([differing(5, 6, "console")] * 3) == 3, "others do not matter"


def test_a_held_finding_that_is_open_stays_open() -> None:
    (finding,) = differing(5, 6, "notify")
    assert weigh([finding], ALL, {}, [finding.key]).resolved == []


def test_nothing_in_flight_is_judged_while_kafka_cannot_be_asked() -> None:
    count = Count("pages", "notify", ACTUAL, 5, 6)
    assert checks_until_raised([liveness.find(Snapshot(ALL, counts=(count,)), T0)] * 9) is None


def test_another_state_of_the_same_version_is_judged_whatever_is_in_flight() -> None:
    busy = frozenset({"audit", "notify"})
    tampered = liveness.find(Snapshot(ALL, moving=busy, rows=(a_row((2, "done")),)), T0)
    behind = liveness.find(Snapshot(ALL, moving=busy, rows=(a_row((1, "queued")),)), T0)
    assert checks_until_raised([tampered] * 2) == 2
    assert checks_until_raised([behind] * 9) is None


def test_a_reader_must_stand_still_for_five_checks() -> None:
    def standing(at: int) -> list[Finding]:
        return liveness.find(Snapshot(ALL, stands=(Stand("notify", PLACE, at, 90),)), T0)

    assert checks_until_raised([standing(7)] * 5) == 5
    assert checks_until_raised([standing(7)] * 4 + [standing(8)] * 4) is None
    assert checks_until_raised([standing(n) for n in range(50)]) is None, "slow is not stopped"


def a_finding(kind: FindingKind = FindingKind.FANOUT, subject: str = "cmd-1") -> Finding:
    return Finding(kind, subject, ACTUAL, "-")


def test_an_open_finding_is_not_raised_again_and_resolved_when_gone() -> None:
    finding = a_finding()
    verdict = weigh([finding], ALL, {finding.key: Suspicion(finding, 5)}, [finding.key])
    assert verdict.raised == []
    assert verdict.resolved == []
    assert weigh([], ALL, verdict.suspicions, [finding.key]).resolved == [finding.key]


def test_what_was_not_looked_for_is_neither_resolved_nor_forgotten() -> None:
    finding = a_finding()
    looked = ALL - {FindingKind.FANOUT}
    verdict = weigh([], looked, {finding.key: Suspicion(finding, 1)}, [finding.key])
    assert verdict.resolved == []
    assert finding.key in verdict.suspicions


def test_a_drill_leak_is_never_resolved() -> None:
    assert weigh([], ALL, {}, [(FindingKind.DRILL_LEAK, "p")]).resolved == []


findings = st.lists(
    st.builds(a_finding, st.sampled_from(list(FindingKind)), st.sampled_from(["a", "b"])),
    unique_by=lambda build: build.key,
)


@given(st.lists(findings, max_size=8))
def test_raised_and_resolved_alternate(rounds: list[list[Finding]]) -> None:
    suspicions: dict[Key, Suspicion] = {}
    open_: set[Key] = set()
    for round_item in rounds:
        verdict = weigh(round_item, ALL, suspicions, open_)
        suspicions = dict(verdict.suspicions)
        raised = {finding.key for finding in verdict.raised}
        assert not raised & open_
        assert set(verdict.resolved) <= open_
        assert not raised & set(verdict.resolved)
        open_ = (open_ | raised) - set(verdict.resolved)
        assert raised <= {finding.key for finding in round_item}
