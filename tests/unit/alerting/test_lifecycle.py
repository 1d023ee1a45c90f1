"""The authority gate and the lifecycle, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.authority import SignatureRequirement, may_judge, requirement
from services.alerting.core.alerts.decisions import decide
from services.alerting.core.alerts.grouping import evidence_of_report, new_alert
from services.alerting.core.alerts.lifecycle import apply_alarm, apply_report
from services.alerting.core.alerts.outcome import AlertChange, DecisionRefusal, RefusalReason
from services.alerting.core.alerts.records import (
    RESTRICTED_HEADLINE,
    headline_of,
    origin_of,
    records_of,
)
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertState, AlertTransition, DecisionVerb
from shared.contracts.authority import AUTHORITY
from shared.contracts.fields import Level, Status
from shared.contracts.reports import Report, ReportKind
from tests.unit.alerting.builders import (
    CITY,
    DISTRICT,
    GRID,
    OTHER_TOWN,
    T0,
    TOWN,
    VILLAGE,
    a_decision,
    a_report,
    an_alarm,
    at,
    evidence_after,
)

VERIFY, ASSESS, DISMISS = DecisionVerb.VERIFY, DecisionVerb.ASSESS, DecisionVerb.DISMISS
APPROVE, REJECT = DecisionVerb.APPROVE, DecisionVerb.REJECT
VERBS = set(DecisionVerb) - {DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT}
BLUE, YELLOW, ORANGE, RED = Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED


class AlertHistory:
    """An alert with all its transitions."""

    def __init__(self, first: AlarmEvent | Report) -> None:
        self.alert = new_alert(first)
        self.transitions: list[AlertTransition] = []
        self.add_evidence(first)

    def add_evidence(self, event: AlarmEvent | Report) -> AlertHistory:
        areas = (event.place, *event.areas)
        if isinstance(event, Report):
            change = apply_report(self.alert, evidence_of_report(event), event.headline, areas)
        else:
            before = {alarm.alarm_id: alarm for alarm in self.alert.alarms}.get(event.alarm_id)
            change = apply_alarm(self.alert, evidence_after(event, before), event.headline, areas)
        return self._append_change(change)

    def decide(
        self, verb: DecisionVerb, unit: str = DISTRICT, officer: str = "o-1"
    ) -> AlertHistory:
        outcome = self.attempt(verb, unit, officer)
        assert isinstance(outcome, AlertChange), outcome
        return self._append_change(outcome)

    def attempt(
        self, verb: DecisionVerb, unit: str, officer: str = "o-1"
    ) -> AlertChange | DecisionRefusal:
        level = self.alert.proposed_level
        return decide(
            self.alert, a_decision(self.alert.alert_id, verb, level, unit, officer), at(1)
        )

    def expect_refusal(
        self, reason: RefusalReason, verb: DecisionVerb, unit: str = DISTRICT, officer: str = "o-1"
    ) -> None:
        outcome = self.attempt(verb, unit, officer)
        assert isinstance(outcome, DecisionRefusal)
        assert outcome.reason is reason
        assert outcome.text

    def _append_change(self, change: AlertChange) -> AlertHistory:
        assert change.alert.version == self.alert.version + 1
        self.alert = change.alert
        self.transitions.append(change.transition)
        return self


def pending_history(level: Level = YELLOW) -> AlertHistory:
    return AlertHistory(an_alarm(level=level)).decide(VERIFY, TOWN).decide(ASSESS)


def issued_history(level: Level = YELLOW) -> AlertHistory:
    history = pending_history(level)
    for number in range(AUTHORITY[level].approvals):
        history.decide(APPROVE, history.alert.requirement.unit, f"signer-{number}")
    assert history.alert.level is level
    return history


@pytest.mark.parametrize(
    ("level", "proposed", "unit", "approvals"),
    [
        (None, BLUE, DISTRICT, 1),
        (None, YELLOW, DISTRICT, 1),
        (None, ORANGE, CITY, 1),
        (None, RED, CITY, 2),
        (YELLOW, RED, CITY, 2),
        (YELLOW, BLUE, DISTRICT, 1),
        (RED, YELLOW, CITY, 1),
        (RED, None, CITY, 1),
        (BLUE, None, DISTRICT, 1),
        (RED, RED, CITY, 2),
    ],
)
def test_the_authority_follows_from_the_level(
    level: Level | None, proposed: Level | None, unit: str, approvals: int
) -> None:
    assert requirement(VILLAGE, level, proposed) == SignatureRequirement(unit, approvals)


def test_a_place_above_the_authority_is_decided_at_its_top() -> None:
    assert requirement(CITY, None, BLUE).unit == CITY
    assert requirement(DISTRICT + "/water", None, BLUE).unit == DISTRICT


@pytest.mark.parametrize(
    ("unit", "may"),
    [
        *((VILLAGE, True), (TOWN, True), (DISTRICT, True), (CITY, True)),
        *((OTHER_TOWN, False), (GRID, False), ("500118118202", False)),
    ],
)
def test_units_that_may_judge(unit: str, may: bool) -> None:
    assert may_judge(unit, VILLAGE) is may


def test_the_steps_to_a_yellow_alert() -> None:
    history = issued_history()
    assert history.transitions == ["opened", "verified", "assessed", "issued"]
    assert history.alert.state is AlertState.ISSUED
    assert [signature.officer_id for signature in history.alert.issuing_signatures] == ["signer-0"]


def test_red_takes_two_different_people() -> None:
    history = pending_history(RED).decide(APPROVE, CITY, "first")
    assert (history.alert.level, history.transitions[-1]) == (None, AlertTransition.SIGNED)
    history.expect_refusal(RefusalReason.ALREADY_SIGNED, APPROVE, CITY, "first")
    history.decide(APPROVE, CITY, "second")
    assert history.alert.level is RED
    assert [signature.officer_id for signature in history.alert.issuing_signatures] == [
        "first",
        "second",
    ]


@pytest.mark.parametrize(("level", "unit"), [(ORANGE, DISTRICT), (YELLOW, CITY), (RED, TOWN)])
def test_only_the_authority_signs_and_rejects(level: Level, unit: str) -> None:
    history = pending_history(level)
    history.expect_refusal(RefusalReason.NOT_ENTITLED, APPROVE, unit)
    history.expect_refusal(RefusalReason.NOT_ENTITLED, REJECT, unit)


def test_a_stranger_does_not_judge() -> None:
    for verb in (VERIFY, DISMISS):
        AlertHistory(an_alarm()).expect_refusal(RefusalReason.NOT_ENTITLED, verb, OTHER_TOWN)


def test_a_signature_under_another_proposal_is_refused() -> None:
    history = pending_history(YELLOW)
    seen_by_officer = a_decision(history.alert.alert_id, APPROVE, YELLOW)
    history.add_evidence(an_alarm(version=2, level=ORANGE, transition=AlarmTransition.UPGRADED))
    outcome = decide(history.alert, seen_by_officer, T0)
    assert isinstance(outcome, DecisionRefusal)
    assert outcome.reason is RefusalReason.NOT_ENTITLED
    same_authority = decide(
        history.alert, a_decision(history.alert.alert_id, APPROVE, RED, CITY), T0
    )
    assert isinstance(same_authority, DecisionRefusal)
    assert same_authority.reason is RefusalReason.OTHER_PROPOSAL


def test_a_new_proposal_voids_signatures() -> None:
    history = pending_history(RED).decide(APPROVE, CITY, "first")
    history.add_evidence(an_alarm(version=2, level=ORANGE, transition=AlarmTransition.DOWNGRADED))
    history.add_evidence(an_alarm(version=3, level=RED, transition=AlarmTransition.UPGRADED))
    assert history.alert.signatures == ()
    history.decide(APPROVE, CITY, "second")
    assert history.alert.level is None


def test_upgrade_downgrade_and_lifting_wait_for_a_signature() -> None:
    history = issued_history(YELLOW)
    history.expect_refusal(RefusalReason.NOTHING_PROPOSED, APPROVE)
    history.add_evidence(an_alarm(version=2, level=ORANGE, transition=AlarmTransition.UPGRADED))
    assert (history.alert.level, history.alert.proposed_level) == (YELLOW, ORANGE)
    history.decide(APPROVE, CITY)
    history.add_evidence(an_alarm(version=3, level=BLUE, transition=AlarmTransition.DOWNGRADED))
    assert (history.alert.level, history.alert.proposed_level) == (ORANGE, BLUE)
    history.expect_refusal(RefusalReason.NOT_ENTITLED, APPROVE, DISTRICT)
    history.decide(APPROVE, CITY)
    history.add_evidence(an_alarm(version=4, level=BLUE, transition=AlarmTransition.CLEARED))
    assert (history.alert.level, history.alert.proposed_level) == (BLUE, None)
    history.decide(APPROVE, DISTRICT)
    assert history.transitions[4:] == [
        *("updated", "adjusted", "updated", "adjusted", "updated", "lifted")
    ]
    assert history.alert.level is BLUE
    assert not history.alert.is_open_or_merged
    assert [signature.level for signature in history.alert.issuing_signatures] == [BLUE]


def test_an_unissued_alert_without_reports_ends_with_its_alarms() -> None:
    history = pending_history(RED)
    history.add_evidence(an_alarm(version=2, level=RED, transition=AlarmTransition.CLEARED))
    assert history.alert.state is AlertState.DISMISSED


def test_a_reported_alert_does_not_end_with_its_alarms() -> None:
    history = AlertHistory(an_alarm(level=YELLOW)).add_evidence(report := a_report())
    history.add_evidence(an_alarm(version=2, transition=AlarmTransition.CLEARED, occurred_at=at(5)))
    assert (history.alert.state, history.alert.proposed_level) == (AlertState.VERIFYING, BLUE)
    history.add_evidence(a_report(incident_id=report.incident_id, kind=ReportKind.FINAL))
    assert history.alert.state is AlertState.DISMISSED


def test_after_the_issue_cleared_alarms_propose_to_lift_unless_a_report_follows() -> None:
    history = AlertHistory(an_alarm()).add_evidence(a_report())
    history.decide(VERIFY).decide(ASSESS).decide(APPROVE)
    history.add_evidence(
        an_alarm(version=2, transition=AlarmTransition.CLEARED, occurred_at=at(20))
    )
    assert history.alert.proposed_level is None
    history.add_evidence(a_report(occurred_at=at(25)))
    assert history.alert.proposed_level is BLUE


def test_a_rejected_proposal_is_not_repeated_until_the_evidence_changes() -> None:
    history = issued_history(YELLOW)
    history.add_evidence(an_alarm(version=2, level=ORANGE, transition=AlarmTransition.UPGRADED))
    history.decide(REJECT, CITY)
    assert (history.alert.state, history.alert.proposed_level) == (AlertState.ISSUED, YELLOW)
    history.add_evidence(an_alarm("alm-2", level=ORANGE))
    assert history.alert.proposed_level is YELLOW
    history.decide(ASSESS, TOWN)
    assert (history.alert.proposed_level, history.transitions[-1]) == (ORANGE, "updated")
    history.expect_refusal(RefusalReason.NOTHING_PROPOSED, ASSESS)
    history.decide(REJECT, CITY)
    history.add_evidence(an_alarm("alm-2", 2, AlarmTransition.UPGRADED, RED))
    assert history.alert.proposed_level is RED


def test_a_rejection_before_the_issue_ends_the_alert() -> None:
    history = pending_history(YELLOW).decide(REJECT)
    assert history.alert.state is AlertState.REJECTED
    for verb in VERBS:
        history.expect_refusal(RefusalReason.ILLEGAL_STEP, verb)


def test_the_steps_have_an_order() -> None:
    history = AlertHistory(an_alarm())
    for verb in (ASSESS, APPROVE, REJECT):
        history.expect_refusal(RefusalReason.ILLEGAL_STEP, verb)
    issued_history().expect_refusal(RefusalReason.ILLEGAL_STEP, DISMISS)


def test_a_decision_of_a_drill_never_changes_a_real_alert() -> None:
    history = AlertHistory(an_alarm())
    drill = a_decision(history.alert.alert_id, VERIFY, YELLOW, status=Status.EXERCISE)
    outcome = decide(history.alert, drill, T0)
    assert isinstance(outcome, DecisionRefusal)
    assert outcome.reason is RefusalReason.OTHER_STATUS


def test_three_sources_corroborate_and_one_source_does_not() -> None:
    history = AlertHistory(an_alarm("alm-1")).add_evidence(an_alarm("alm-2", occurred_at=at(4)))
    history.add_evidence(a_report(occurred_at=at(9)))
    assert history.transitions == ["opened", "corroborated", "corroborated"]
    assert history.alert.sources == 3
    alone = (
        AlertHistory(a_report("same")).add_evidence(a_report("same")).add_evidence(a_report("same"))
    )
    assert alone.transitions == ["opened", "updated", "updated"]
    assert (alone.alert.sources, alone.alert.proposed_level) == (1, BLUE)
    apart = AlertHistory(an_alarm()).add_evidence(a_report(occurred_at=at(31)))
    assert apart.transitions[-1] is AlertTransition.UPDATED
    over = AlertHistory(an_alarm()).add_evidence(a_report(kind=ReportKind.FINAL))
    assert over.alert.sources == 1, "a final report says that it is over"


def test_a_second_source_with_a_higher_level_is_a_new_proposal() -> None:
    history = AlertHistory(an_alarm("alm-1", level=BLUE)).add_evidence(an_alarm("alm-2", level=RED))
    assert history.transitions[-1] is AlertTransition.UPDATED
    assert (history.alert.sources, history.alert.proposed_level) == (2, RED)


def test_records_of_a_change() -> None:
    history = pending_history(YELLOW)
    decision = a_decision(history.alert.alert_id, APPROVE, YELLOW, trace_id="trace-7")
    change = decide(history.alert, decision, at(1))
    assert isinstance(change, AlertChange)
    out = records_of(change, origin_of(decision), at(2))
    assert out.event.signatures[0].signed_at == at(1)
    assert (out.event.actor, out.event.trace_id, out.event.sent_at) == (
        "officer-1",
        "trace-7",
        at(2),
    )
    assert out.event.references[-1] == decision.id
    assert len(out.event.references) == 2
    assert out.notice is not None
    assert out.notice.headline.startswith("发布黄色预警：")


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
def test_a_drill_has_no_public_notice(status: Status) -> None:
    history = AlertHistory(an_alarm(status=status))
    for verb in (VERIFY, ASSESS, APPROVE):
        decision = a_decision(history.alert.alert_id, verb, YELLOW, status=status)
        change = decide(history.alert, decision, T0)
        assert isinstance(change, AlertChange)
        history.alert = change.alert
        assert records_of(change, origin_of(decision), T0).notice is None
    assert history.alert.level is YELLOW


def test_the_words_of_a_restricted_report_are_not_published() -> None:
    report = a_report(restricted=True, headline="张三家")
    assert headline_of(report) == RESTRICTED_HEADLINE


def test_verified_by_a_person_is_checked_and_not_only_implied() -> None:
    history = pending_history(ORANGE)
    history.alert = replace(history.alert, verified_by=None)
    history.expect_refusal(RefusalReason.NOT_VERIFIED, APPROVE, CITY)


def test_areas_are_bounded_and_begin_with_the_place() -> None:
    history = AlertHistory(an_alarm())
    for number in range(100):
        history.add_evidence(an_alarm(f"alm-{number}", 2, place=f"500118118{number + 100}"))
    assert isinstance(history.alert, Alert)
    assert history.alert.areas[0] == VILLAGE
    assert len(history.alert.areas) == 64
