"""The faults detected in a snapshot, and their confirmation as findings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.core.conservation.balances import HopBalance
from services.audit.core.conservation.provenance import RecordFlaw, SuspectRecord
from services.audit.core.findings.confirmation import Suspicion, confirm_findings
from services.audit.core.findings.detection import AuditFinding, FindingKey, detect_findings
from services.audit.core.findings.faults import HEADLINES
from services.audit.core.findings.snapshot import (
    COMPONENT_KINDS,
    ArmedTimers,
    ClockDifference,
    CommandFanout,
    ComponentFault,
    CountComparison,
    CounterComparison,
    FailingCarrier,
    FindingKind,
    LeasedDelivery,
    LetterRate,
    OutboxBacklog,
    OverdueTimer,
    ReaderPosition,
    RowComparison,
    Snapshot,
    StatusLeak,
    StrandedAlarm,
)
from shared.contracts.fields import Status
from tests.unit.audit.builders import T0

ALL = frozenset(FindingKind)
ACTUAL = Status.ACTUAL


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


PARTITION = ("duty.pages.v1", 3)


def a_suspect(flaw: RecordFlaw, ago_s: float = 0) -> SuspectRecord:
    return SuspectRecord(PARTITION, 7, "notify", flaw, "pag-1", b"", b"", T0 - seconds(ago_s))


def a_balance(lost: int, difference: int) -> HopBalance:
    return HopBalance("notify", PARTITION[0], 10, 10 - difference, 0, 0, 0, 0, 0, lost, difference)


def a_row(stored: tuple[int, str] | None) -> RowComparison:
    return RowComparison("notify.page", "notify", "pag-1", ACTUAL, (2, "signed"), stored)


def a_fault(kind: FindingKind) -> ComponentFault:
    return ComponentFault(kind, "kafka", "no broker answers", T0)


def rates(recent: int, usual: float, reason: str = "schema") -> Snapshot:
    rate = LetterRate("scoring", "sensing.readings.v1", reason, recent, usual)
    return Snapshot(ALL, letter_rates=(rate,))


CASES: list[tuple[Snapshot, FindingKind | None]] = [
    (rates(20, 0), None),
    (rates(21, 0), FindingKind.LETTERS_GROW),
    (rates(500, 100), None),
    (rates(501, 100), FindingKind.LETTERS_GROW),
    (rates(1, 0, "handler_error"), FindingKind.LETTERS_GROW),
    (rates(1, 0.2, "handler_error"), None),
    (Snapshot(ALL), None),
    (Snapshot(ALL, armed_timers=(ArmedTimers("sign", "asg-1", ACTUAL, 1),)), None),
    (
        Snapshot(ALL, armed_timers=(ArmedTimers("sign", "asg-1", ACTUAL, 0),)),
        FindingKind.TIMER_COUNT,
    ),
    (
        Snapshot(ALL, armed_timers=(ArmedTimers("sign", "asg-1", ACTUAL, 2),)),
        FindingKind.TIMER_COUNT,
    ),
    (Snapshot(ALL, armed_timers=(ArmedTimers("sign", "asg-1", ACTUAL, 0, 0),)), None),
    (
        Snapshot(ALL, armed_timers=(ArmedTimers("sign", "asg-1", ACTUAL, 1, 0),)),
        FindingKind.TIMER_COUNT,
    ),
    (Snapshot(ALL, due_timers=(OverdueTimer("command", "asg-1", "k", T0 - seconds(5)),)), None),
    (
        Snapshot(ALL, due_timers=(OverdueTimer("command", "asg-1", "k", T0 - seconds(5.1)),)),
        FindingKind.TIMER_OVERDUE,
    ),
    (
        Snapshot(ALL, due_timers=(OverdueTimer("command", "a", "k", T0, "bug"),)),
        FindingKind.TIMER_OVERDUE,
    ),
    (Snapshot(ALL, outboxes=(OutboxBacklog("notify", T0 - seconds(10), 3),)), None),
    (
        Snapshot(ALL, outboxes=(OutboxBacklog("notify", T0 - seconds(11), 3),)),
        FindingKind.OUTBOX_STUCK,
    ),
    (Snapshot(ALL, deliveries=(LeasedDelivery("pag-1", ACTUAL, T0 - seconds(4)),)), None),
    (
        Snapshot(ALL, deliveries=(LeasedDelivery("pag-1", ACTUAL, T0 - seconds(6)),)),
        FindingKind.LEASE_EXPIRED,
    ),
    (Snapshot(ALL, fanouts=(CommandFanout("cmd-1", ACTUAL, 3, 3, 3),)), None),
    (Snapshot(ALL, fanouts=(CommandFanout("cmd-1", ACTUAL, 3, 2, 3),)), FindingKind.FANOUT),
    (Snapshot(ALL, fanouts=(CommandFanout("cmd-1", ACTUAL, 3, 3, 2),)), FindingKind.FANOUT),
    (Snapshot(ALL, leaks=(StatusLeak("p", ACTUAL, "l", ACTUAL),)), None),
    (Snapshot(ALL, leaks=(StatusLeak("p", ACTUAL, "l", Status.EXERCISE),)), FindingKind.DRILL_LEAK),
    (Snapshot(ALL, counts=(CountComparison("pages", "notify", ACTUAL, 5, 5),)), None),
    (
        Snapshot(ALL, counts=(CountComparison("pages", "notify", ACTUAL, 5, 6),)),
        FindingKind.COUNT_DIFFERS,
    ),
    (Snapshot(ALL, broken_entry=4), FindingKind.TRAIL_BROKEN),
    (
        Snapshot(ALL, stopped_readers=(ReaderPosition("notify", PARTITION, 5, 6),)),
        FindingKind.CONSUMER_STOPPED,
    ),
    (Snapshot(ALL, suspects=(a_suspect(RecordFlaw.LOST),)), FindingKind.RECORD_LOST),
    (Snapshot(ALL, suspects=(a_suspect(RecordFlaw.FORGED),)), FindingKind.RECORD_CORRUPT),
    (Snapshot(ALL, suspects=(a_suspect(RecordFlaw.UNREFUSED, 6),)), FindingKind.RECORD_CORRUPT),
    (Snapshot(ALL, suspects=(a_suspect(RecordFlaw.UNREFUSED, 5),)), None),
    (Snapshot(ALL, balances=(a_balance(lost=1, difference=1),)), None),
    (Snapshot(ALL, balances=(a_balance(lost=1, difference=2),)), FindingKind.HOP_UNBALANCED),
    (
        Snapshot(ALL, counters=(CounterComparison("t", "c", ACTUAL, ("signed",), (2,), (1,)),)),
        FindingKind.COUNTER_DIFFERS,
    ),
    (
        Snapshot(ALL, stranded_alarms=(StrandedAlarm("alm-1", ACTUAL, "silenced"),)),
        FindingKind.STRANDED,
    ),
    (Snapshot(ALL, rows=(a_row((2, "signed")),)), None),
    (Snapshot(ALL, rows=(a_row((2, "done")),)), FindingKind.ROW_DIFFERS),
    (Snapshot(ALL, rows=(a_row((1, "delivered")),)), FindingKind.ROW_DIFFERS),
    (Snapshot(ALL, rows=(a_row(None),)), FindingKind.ROW_DIFFERS),
    (
        Snapshot(ALL, carriers=(FailingCarrier("sms", 4, "ConnectError"),)),
        FindingKind.CARRIER_FAILS,
    ),
    (
        Snapshot(ALL, clock_difference=ClockDifference(PARTITION, -12.5)),
        FindingKind.CLOCKS_DIFFER,
    ),
    *((Snapshot(ALL, components=(a_fault(kind),)), kind) for kind in sorted(COMPONENT_KINDS)),
]


@pytest.mark.parametrize(("snapshot", "kind"), CASES)
def test_a_snapshot_is_judged(snapshot: Snapshot, kind: FindingKind | None) -> None:
    result = detect_findings(snapshot, T0)
    assert [finding.kind for finding in result] == ([] if kind is None else [kind])


def test_every_kind_can_be_found() -> None:
    elsewhere = {FindingKind.READER_LATE, FindingKind.REPORTED}
    assert {kind for _, kind in CASES} - {None} == ALL - elsewhere


def test_a_reader_is_late_while_its_next_record_is_old() -> None:
    for late in (False, True):
        reader = ReaderPosition("notify", PARTITION, 5, 600, late)
        findings = detect_findings(Snapshot(ALL, stopped_readers=(reader,)), T0)
        kinds = {finding.kind for finding in findings}
        expected = {FindingKind.READER_LATE} if late else set()
        assert kinds - {FindingKind.CONSUMER_STOPPED} == expected


def test_every_kind_has_a_headline_in_both_languages() -> None:
    assert HEADLINES.keys() == ALL
    assert len({headline.zh for headline in HEADLINES.values()}) == len(ALL)


def test_a_subject_is_named_once_per_kind() -> None:
    twice = StatusLeak("p", ACTUAL, "l", Status.EXERCISE)
    assert len(detect_findings(Snapshot(ALL, leaks=(twice, twice)), T0)) == 1


def differing(on_topic: int, in_table: int, *unsettled: str) -> list[AuditFinding]:
    count = CountComparison("pages", "notify", ACTUAL, on_topic, in_table)
    return detect_findings(Snapshot(ALL, unsettled=frozenset(unsettled), counts=(count,)), T0)


def rounds_until_raised(rounds: list[list[AuditFinding]]) -> int | None:
    suspicions: dict[FindingKey, Suspicion] = {}
    for number, detected in enumerate(rounds, 1):
        verdict = confirm_findings(detected, ALL, suspicions, ())
        suspicions = dict(verdict.suspicions)
        if verdict.raised:
            return number
    return None


def test_a_finding_is_raised_in_the_second_check() -> None:
    result = detect_findings(
        Snapshot(ALL, armed_timers=(ArmedTimers("sign", "asg-1", ACTUAL, 0),)), T0
    )
    assert rounds_until_raised([result, result]) == 2
    assert rounds_until_raised([result, [], result]) is None
    assert rounds_until_raised([result, [], result, result]) == 4


def test_what_is_in_flight_needs_three_checks_with_the_same_figures() -> None:
    equal = differing(5, 6)
    assert rounds_until_raised([equal, equal, equal]) == 3
    shrinking = [differing(n, 100) for n in range(20)]
    assert rounds_until_raised(shrinking) is None, "a backlog that shrinks is no difference"


@pytest.mark.parametrize("service", ["audit", "notify"])
def test_nothing_is_judged_while_its_services_are_behind(service: str) -> None:
    settled, unsettled = differing(5, 6), differing(5, 6, service)
    assert rounds_until_raised([unsettled] * 20) is None
    assert rounds_until_raised([settled, unsettled, unsettled, settled, unsettled, settled]) == 6, (
        "forgotten or counted"
    )
    assert rounds_until_raised([differing(5, 6, "console")] * 3) == 3, "others do not matter"


def test_an_open_finding_stays_open_while_records_are_in_flight() -> None:
    (finding,) = differing(5, 6, "notify")
    assert confirm_findings([finding], ALL, {}, [finding.key]).resolved == []


def test_nothing_in_flight_is_judged_while_kafka_cannot_be_asked() -> None:
    count = CountComparison("pages", "notify", ACTUAL, 5, 6)
    assert rounds_until_raised([detect_findings(Snapshot(ALL, counts=(count,)), T0)] * 9) is None


def test_another_state_of_the_same_version_is_judged_whatever_is_in_flight() -> None:
    busy = frozenset({"audit", "notify"})
    tampered = detect_findings(Snapshot(ALL, unsettled=busy, rows=(a_row((2, "done")),)), T0)
    older = detect_findings(Snapshot(ALL, unsettled=busy, rows=(a_row((1, "queued")),)), T0)
    assert rounds_until_raised([tampered] * 2) == 2
    assert rounds_until_raised([older] * 9) is None


def test_a_reader_must_stand_still_for_five_checks() -> None:
    def stopped_at(offset: int) -> list[AuditFinding]:
        return detect_findings(
            Snapshot(ALL, stopped_readers=(ReaderPosition("notify", PARTITION, offset, 90),)), T0
        )

    assert rounds_until_raised([stopped_at(7)] * 5) == 5
    assert rounds_until_raised([stopped_at(7)] * 4 + [stopped_at(8)] * 4) is None
    assert rounds_until_raised([stopped_at(n) for n in range(50)]) is None, "slow is not stopped"


def a_finding(kind: FindingKind = FindingKind.FANOUT, subject: str = "cmd-1") -> AuditFinding:
    return AuditFinding(kind, subject, ACTUAL, "-")


def test_an_open_finding_is_not_raised_again_and_resolved_when_gone() -> None:
    finding = a_finding()
    verdict = confirm_findings([finding], ALL, {finding.key: Suspicion(finding, 5)}, [finding.key])
    assert verdict.raised == []
    assert verdict.resolved == []
    assert confirm_findings([], ALL, verdict.suspicions, [finding.key]).resolved == [finding.key]


def test_what_was_not_looked_for_is_neither_resolved_nor_forgotten() -> None:
    finding = a_finding()
    checked = ALL - {FindingKind.FANOUT}
    verdict = confirm_findings([], checked, {finding.key: Suspicion(finding, 1)}, [finding.key])
    assert verdict.resolved == []
    assert finding.key in verdict.suspicions


def test_a_drill_leak_is_never_resolved() -> None:
    assert confirm_findings([], ALL, {}, [(FindingKind.DRILL_LEAK, "p")]).resolved == []


findings = st.lists(
    st.builds(a_finding, st.sampled_from(list(FindingKind)), st.sampled_from(["a", "b"])),
    unique_by=lambda finding: finding.key,
)


@given(st.lists(findings, max_size=8))
def test_raised_and_resolved_alternate(rounds: list[list[AuditFinding]]) -> None:
    suspicions: dict[FindingKey, Suspicion] = {}
    open_keys: set[FindingKey] = set()
    for detected in rounds:
        verdict = confirm_findings(detected, ALL, suspicions, open_keys)
        suspicions = dict(verdict.suspicions)
        raised = {finding.key for finding in verdict.raised}
        assert not raised & open_keys
        assert set(verdict.resolved) <= open_keys
        assert not raised & set(verdict.resolved)
        open_keys = (open_keys | raised) - set(verdict.resolved)
        assert raised <= {finding.key for finding in detected}


def test_late_timers_of_a_service_are_one_finding_and_each_failed_timer_is_one() -> None:
    late = [OverdueTimer("command", f"asg-{n}", "sign", T0 - seconds(60 + n)) for n in range(700)]
    failed = [OverdueTimer("command", f"asg-{n}", "sign", T0, "KeyError()") for n in (800, 801)]
    ladder = OverdueTimer("notify", "lad-1", "climb", T0 - seconds(30))
    findings = detect_findings(Snapshot(ALL, due_timers=(*late, *failed, ladder)), T0)
    assert [finding.subject_id for finding in findings] == [
        "command:sign:asg-800",
        "command:sign:asg-801",
        "command",
        "notify",
    ]
    assert findings[2].detail.startswith("700 timers are due and not fired, the first sign:asg-699")
