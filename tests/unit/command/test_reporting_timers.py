"""Clocks of an obligation: due soon, overdue, reminded, escalated, late after an outage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.command.core.reporting.events import (
    last_change,
    obligation_event,
    obligation_supervision_event,
)
from services.command.core.reporting.model import ClockCalls, Obligation, ReportClock
from services.command.core.reporting.timers import fire_obligation, timer_changes
from services.command.core.supervision.firing import DueTimer
from shared.contracts.alerts import AlertState
from shared.contracts.fields import Level, Post
from shared.contracts.reports import Means, ReportFacts, ReportKind
from shared.contracts.supervision import SupervisionKind
from shared.domain.bilingual import bilingual_of
from tests.support.profiles import REPORTS
from tests.support.profiles import STANDARD as PACE
from tests.unit.command.builders import CITY, DISTRICT, TOWN
from tests.unit.command.reporting_builders import IncidentFiles, a_report, an_alert, at

DUE_SOON = REPORTS.everywhere.due_soon
LADDER = ((TOWN, Post.B), (TOWN, Post.A), (DISTRICT, Post.B), (CITY, Post.B))


def red() -> IncidentFiles:
    return IncidentFiles().read(0, an_alert(level=Level.RED))


def town(files: IncidentFiles) -> Obligation:
    return files.obligation(TOWN, DISTRICT)


def test_a_new_duty_arms_both_clocks_of_the_first_report() -> None:
    void, arm = timer_changes(None, town(red()), DUE_SOON, at(0))
    assert not void
    assert [timer[1:] for timer in arm] == [
        ("report_phone_due_soon", 0, at(12)),
        ("report_phone_escalate", 0, at(15)),
        ("report_written_due_soon", 0, at(24)),
        ("report_written_escalate", 0, at(30)),
    ]


def test_what_is_due_by_now_is_not_due_soon_any_more() -> None:
    """As after an outage: the limit itself fires at once, and nothing tells that it is near."""
    _, arm = timer_changes(None, town(red()), DUE_SOON, at(15))
    assert [timer[1:] for timer in arm] == [
        ("report_phone_escalate", 0, at(15)),
        ("report_written_due_soon", 0, at(27)),
        ("report_written_escalate", 0, at(30)),
    ]


def test_what_is_met_is_disarmed_and_the_next_clock_starts() -> None:
    files = red()
    before = town(files)
    void, arm = timer_changes(before, town(files.read(10, a_report())), DUE_SOON, at(10))
    assert set(void) == {
        "report_phone_due_soon",
        "report_phone_escalate",
        "report_written_due_soon",
        "report_written_escalate",
    }
    assert [(kind, due) for _, kind, _, due in arm] == [
        ("report_follow_up_due_soon", at(34)),
        ("report_follow_up_escalate", at(40)),
    ]


def test_overdue_is_published_once_then_the_chain_is_called() -> None:
    duty = town(red())
    first = fire_obligation(
        duty, [DueTimer("report_phone_escalate", 0, at(15))], LADDER, PACE, at(15)
    )
    assert [(call.kind, call.clock, call.rung, call.target) for call in first.calls] == [
        (SupervisionKind.OVERDUE, "report_phone", 0, (TOWN, Post.B)),
        (SupervisionKind.REMINDED, "report_phone", 0, (TOWN, Post.B)),
    ]
    ((_, kind, rung, due),) = first.new_timers
    assert (rung, due) == (1, at(17))
    second = fire_obligation(first.obligation, [DueTimer(kind, rung, due)], LADDER, PACE, at(17))
    assert [(call.kind, call.rung, call.target) for call in second.calls] == [
        (SupervisionKind.ESCALATED, 1, (TOWN, Post.A))
    ]


def test_after_an_outage_one_call_at_the_rung_that_should_be_active() -> None:
    result = fire_obligation(
        town(red()), [DueTimer("report_phone_escalate", 0, at(15))], LADDER, PACE, at(19.5)
    )
    _, call = result.calls
    assert (call.kind, call.rung, call.skipped, call.late_by_s) == (
        SupervisionKind.ESCALATED,
        2,
        (0, 1),
        270.0,
    )


def test_a_stopped_clock_means_nothing_and_due_soon_is_not_published_after_the_limit() -> None:
    reported = town(red().read(10, a_report()))
    assert not fire_obligation(
        reported, [DueTimer("report_phone_escalate", 0, at(15))], LADDER, PACE, at(15)
    ).calls
    slept = fire_obligation(
        town(red()), [DueTimer("report_phone_due_soon", 0, at(12))], LADDER, PACE, at(16)
    )
    assert not slept.calls
    soon = fire_obligation(
        town(red()), [DueTimer("report_phone_due_soon", 0, at(12))], LADDER, PACE, at(12)
    )
    assert [call.kind for call in soon.calls] == [SupervisionKind.DUE_SOON]


def test_each_follow_up_has_calls_of_its_own() -> None:
    files = red().read(10, a_report())
    case = files.alerts[next(iter(files.alerts))]
    ids: set[str] = set()
    calls: Mapping[ReportClock, ClockCalls] = {}
    for minutes in (10, 50):
        files.read(minutes, a_report(kind=ReportKind.FOLLOW_UP, number=minutes))
        duty = replace(town(files), calls=calls)
        due = duty.running_clocks()[ReportClock.FOLLOW_UP]
        result = fire_obligation(
            duty, [DueTimer("report_follow_up_escalate", 0, due)], LADDER, PACE, due
        )
        assert [call.kind for call in result.calls] == ["overdue", "reminded"]
        ids |= {obligation_supervision_event(duty, case, call, [], due).id for call in result.calls}
        calls = result.obligation.calls
    assert len(ids) == 4


def test_the_page_carries_what_the_last_report_changed_and_nothing_restricted() -> None:
    files = red().read(1, a_report(facts=ReportFacts(dead=0, trapped=5)))
    files.read(2, a_report(kind=ReportKind.FOLLOW_UP, facts=ReportFacts(dead=1)))
    files.read(
        3,
        a_report(kind=ReportKind.FOLLOW_UP, number=2, facts=ReportFacts(dead=9), restricted=True),
    )
    case = files.alerts[next(iter(files.alerts))]
    duty = town(files)
    due = duty.running_clocks()[ReportClock.FOLLOW_UP]
    result = fire_obligation(
        duty, [DueTimer("report_follow_up_escalate", 0, due)], LADDER, PACE, due
    )
    event = obligation_supervision_event(
        duty, case, result.calls[-1], list(files.reports.values()), due
    )
    assert event.text == "死亡：0 → 1（增） ‖ Dead: 0 → 1 (more)"
    assert (event.command_id, event.incident_id, event.clock) == (
        None,
        "inc-1",
        "report_follow_up",
    )


def test_what_changed_is_since_the_last_report_not_since_the_first() -> None:
    files = red().read(1, a_report(facts=ReportFacts(dead=0, trapped=5)))
    for number, dead in ((1, 1), (2, 3)):
        facts = ReportFacts(dead=dead, trapped=5 - dead)
        files.read(1 + number, a_report(kind=ReportKind.FOLLOW_UP, number=number, facts=facts))
    text = bilingual_of(last_change(town(files), list(files.reports.values())))
    assert text.zh.splitlines() == ["死亡：1 → 3（增）", "被困：4 → 2（减）"]
    assert text.en.splitlines() == ["Dead: 1 → 3 (more)", "Trapped: 4 → 2 (fewer)"]


def test_the_record_of_the_obligation_is_complete() -> None:
    files = red().read(20, call := a_report(means=Means.PHONE))
    case = files.alerts[next(iter(files.alerts))]
    event = obligation_event(town(files), case, call.id, at(20))
    assert (event.unit, event.to_unit, event.place, event.state) == (
        TOWN,
        DISTRICT,
        TOWN,
        "phoned",
    )
    assert [
        (counted_report.report_id, counted_report.late) for counted_report in event.counted
    ] == [(call.id, True)]
    assert event.references == (call.id,)


def test_the_record_and_the_core_agree_on_which_clocks_run() -> None:
    files = red()
    running_names = []
    for minutes, message in (
        (0, an_alert(level=Level.RED)),
        (5, a_report(means=Means.PHONE)),
        (6, a_report()),
        (7, an_alert(AlertState.LIFTED, version=2)),
        (8, a_report(kind=ReportKind.FINAL)),
    ):
        files.read(minutes, message)
        case = files.alerts[next(iter(files.alerts))]
        running = town(files).running_clocks()
        assert obligation_event(town(files), case, "cause", at(minutes)).running() == running
        running_names.append([str(clock) for clock in running])
    assert running_names == [
        ["report_phone", "report_written"],
        ["report_written"],
        ["report_follow_up"],
        ["report_final"],
        [],
    ]
