"""The authority gate and the lifecycle, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.alerting.core.alert import Alert
from services.alerting.core.authority import Requirement, may_judge, requirement
from services.alerting.core.decisions import decide
from services.alerting.core.grouping import new_alert
from services.alerting.core.lifecycle import take_alarm, take_report
from services.alerting.core.outcome import Change, Refusal, RefusalReason
from services.alerting.core.records import RESTRICTED_HEADLINE, headline_of, origin_of, records
from services.alerting.rows import report_seen
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
    merged,
)

VERIFY, ASSESS, DISMISS = DecisionVerb.VERIFY, DecisionVerb.ASSESS, DecisionVerb.DISMISS
APPROVE, REJECT = DecisionVerb.APPROVE, DecisionVerb.REJECT
VERBS = set(DecisionVerb) - {DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT}
BLUE, YELLOW, ORANGE, RED = Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED


class Story:
    """An alert with what happened to it."""

    def __init__(self, first: AlarmEvent | Report) -> None:
        self.alert = new_alert(first)
        self.transitions: list[AlertTransition] = []
        self.sees(first)

    def sees(self, event: AlarmEvent | Report) -> Story:
        areas = (event.place, *event.areas)
        if isinstance(event, Report):
            change = take_report(self.alert, report_seen(event), event.headline, areas)
        else:
            before = {alarm.alarm_id: alarm for alarm in self.alert.alarms}.get(event.alarm_id)
            change = take_alarm(self.alert, merged(event, before), event.headline, areas)
        return self._goes_on(change)

    def decides(self, verb: DecisionVerb, unit: str = DISTRICT, officer: str = "o-1") -> Story:
        outcome = self.tries(verb, unit, officer)
        assert isinstance(outcome, Change), outcome
        return self._goes_on(outcome)

    def tries(self, verb: DecisionVerb, unit: str, officer: str = "o-1") -> Change | Refusal:
        level = self.alert.proposed_level
        return decide(
            self.alert, a_decision(self.alert.alert_id, verb, level, unit, officer), at(1)
        )

    def refuses(
        self, reason: RefusalReason, verb: DecisionVerb, unit: str = DISTRICT, officer: str = "o-1"
    ) -> None:
        outcome = self.tries(verb, unit, officer)
        assert isinstance(outcome, Refusal)
        assert outcome.reason is reason
        assert outcome.text

    def _goes_on(self, change: Change) -> Story:
        assert change.alert.version == self.alert.version + 1
        self.alert = change.alert
        self.transitions.append(change.transition)
        return self


def pending(level: Level = YELLOW) -> Story:
    return Story(an_alarm(level=level)).decides(VERIFY, TOWN).decides(ASSESS)


def issued(level: Level = YELLOW) -> Story:
    story = pending(level)
    for number in range(AUTHORITY[level].approvals):
        story.decides(APPROVE, story.alert.needs.unit, f"signer-{number}")
    assert story.alert.level is level
    return story


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
def test_power_follows_the_level(
    level: Level | None, proposed: Level | None, unit: str, approvals: int
) -> None:
    assert requirement(VILLAGE, level, proposed) == Requirement(unit, approvals)


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
def test_who_may_judge(unit: str, may: bool) -> None:
    assert may_judge(unit, VILLAGE) is may


def test_the_way_to_a_yellow_alert() -> None:
    story = issued()
    assert story.transitions == ["opened", "verified", "assessed", "issued"]
    assert story.alert.state is AlertState.ISSUED
    assert [signature.officer_id for signature in story.alert.issued_by] == ["signer-0"]


def test_red_takes_two_different_people() -> None:
    story = pending(RED).decides(APPROVE, CITY, "first")
    assert (story.alert.level, story.transitions[-1]) == (None, AlertTransition.SIGNED)
    story.refuses(RefusalReason.ALREADY_SIGNED, APPROVE, CITY, "first")
    story.decides(APPROVE, CITY, "second")
    assert story.alert.level is RED
    assert [signature.officer_id for signature in story.alert.issued_by] == ["first", "second"]


@pytest.mark.parametrize(("level", "unit"), [(ORANGE, DISTRICT), (YELLOW, CITY), (RED, TOWN)])
def test_only_the_authority_signs_and_rejects(level: Level, unit: str) -> None:
    story = pending(level)
    story.refuses(RefusalReason.NOT_ENTITLED, APPROVE, unit)
    story.refuses(RefusalReason.NOT_ENTITLED, REJECT, unit)


def test_a_stranger_does_not_judge() -> None:
    for verb in (VERIFY, DISMISS):
        Story(an_alarm()).refuses(RefusalReason.NOT_ENTITLED, verb, OTHER_TOWN)


def test_nobody_signs_what_he_did_not_see() -> None:
    story = pending(YELLOW)
    seen_by_officer = a_decision(story.alert.alert_id, APPROVE, YELLOW)
    story.sees(an_alarm(version=2, level=ORANGE, transition=AlarmTransition.UPGRADED))
    outcome = decide(story.alert, seen_by_officer, T0)
    assert isinstance(outcome, Refusal)
    assert outcome.reason is RefusalReason.NOT_ENTITLED
    same_authority = decide(story.alert, a_decision(story.alert.alert_id, APPROVE, RED, CITY), T0)
    assert isinstance(same_authority, Refusal)
    assert same_authority.reason is RefusalReason.OTHER_PROPOSAL


def test_a_new_proposal_voids_what_was_signed() -> None:
    story = pending(RED).decides(APPROVE, CITY, "first")
    story.sees(an_alarm(version=2, level=ORANGE, transition=AlarmTransition.DOWNGRADED))
    story.sees(an_alarm(version=3, level=RED, transition=AlarmTransition.UPGRADED))
    assert story.alert.signed == ()
    story.decides(APPROVE, CITY, "second")
    assert story.alert.level is None


def test_upgrade_downgrade_and_lifting_wait_for_a_signature() -> None:
    story = issued(YELLOW)
    story.refuses(RefusalReason.NOTHING_PROPOSED, APPROVE)
    story.sees(an_alarm(version=2, level=ORANGE, transition=AlarmTransition.UPGRADED))
    assert (story.alert.level, story.alert.proposed_level) == (YELLOW, ORANGE)
    story.decides(APPROVE, CITY)
    story.sees(an_alarm(version=3, level=BLUE, transition=AlarmTransition.DOWNGRADED))
    assert (story.alert.level, story.alert.proposed_level) == (ORANGE, BLUE)
    story.refuses(RefusalReason.NOT_ENTITLED, APPROVE, DISTRICT)
    story.decides(APPROVE, CITY)
    story.sees(an_alarm(version=4, level=BLUE, transition=AlarmTransition.CLEARED))
    assert (story.alert.level, story.alert.proposed_level) == (BLUE, None)
    story.decides(APPROVE, DISTRICT)
    assert story.transitions[4:] == [
        *("updated", "adjusted", "updated", "adjusted", "updated", "lifted")
    ]
    assert story.alert.level is BLUE
    assert not story.alert.open_or_merged
    assert [signature.level for signature in story.alert.issued_by] == [BLUE]


def test_the_machine_ends_what_was_never_issued_and_nobody_reported() -> None:
    story = pending(RED)
    story.sees(an_alarm(version=2, level=RED, transition=AlarmTransition.CLEARED))
    assert story.alert.state is AlertState.DISMISSED


def test_the_machine_never_ends_what_a_person_reported() -> None:
    story = Story(an_alarm(level=YELLOW)).sees(report := a_report())
    story.sees(an_alarm(version=2, transition=AlarmTransition.CLEARED, occurred_at=at(5)))
    assert (story.alert.state, story.alert.proposed_level) == (AlertState.VERIFYING, BLUE)
    story.sees(a_report(incident_id=report.incident_id, kind=ReportKind.FINAL))
    assert story.alert.state is AlertState.DISMISSED


def test_after_the_issue_the_end_of_the_alarms_proposes_to_lift_unless_somebody_reports_again() -> (
    None
):
    story = Story(an_alarm()).sees(a_report())
    story.decides(VERIFY).decides(ASSESS).decides(APPROVE)
    story.sees(an_alarm(version=2, transition=AlarmTransition.CLEARED, occurred_at=at(20)))
    assert story.alert.proposed_level is None
    story.sees(a_report(occurred_at=at(25)))
    assert story.alert.proposed_level is BLUE


def test_a_rejected_proposal_stays_down_until_the_evidence_changes_or_somebody_assesses() -> None:
    story = issued(YELLOW)
    story.sees(an_alarm(version=2, level=ORANGE, transition=AlarmTransition.UPGRADED))
    story.decides(REJECT, CITY)
    assert (story.alert.state, story.alert.proposed_level) == (AlertState.ISSUED, YELLOW)
    story.sees(an_alarm("alm-2", level=ORANGE))
    assert story.alert.proposed_level is YELLOW
    story.decides(ASSESS, TOWN)
    assert (story.alert.proposed_level, story.transitions[-1]) == (ORANGE, "updated")
    story.refuses(RefusalReason.NOTHING_PROPOSED, ASSESS)
    story.decides(REJECT, CITY)
    story.sees(an_alarm("alm-2", 2, AlarmTransition.UPGRADED, RED))
    assert story.alert.proposed_level is RED


def test_rejected_before_the_issue_is_the_end() -> None:
    story = pending(YELLOW).decides(REJECT)
    assert story.alert.state is AlertState.REJECTED
    for verb in VERBS:
        story.refuses(RefusalReason.ILLEGAL_STEP, verb)


def test_the_steps_have_an_order() -> None:
    story = Story(an_alarm())
    for verb in (ASSESS, APPROVE, REJECT):
        story.refuses(RefusalReason.ILLEGAL_STEP, verb)
    issued().refuses(RefusalReason.ILLEGAL_STEP, DISMISS)


def test_an_exercise_decision_never_touches_the_real_thing() -> None:
    story = Story(an_alarm())
    drill = a_decision(story.alert.alert_id, VERIFY, YELLOW, status=Status.EXERCISE)
    outcome = decide(story.alert, drill, T0)
    assert isinstance(outcome, Refusal)
    assert outcome.reason is RefusalReason.OTHER_STATUS


def test_two_detectors_and_a_grid_worker_corroborate_and_one_voice_three_times_does_not() -> None:
    story = Story(an_alarm("alm-1")).sees(an_alarm("alm-2", occurred_at=at(4)))
    story.sees(a_report(occurred_at=at(9)))
    assert story.transitions == ["opened", "corroborated", "corroborated"]
    assert story.alert.sources == 3
    alone = Story(a_report("same")).sees(a_report("same")).sees(a_report("same"))
    assert alone.transitions == ["opened", "updated", "updated"]
    assert (alone.alert.sources, alone.alert.proposed_level) == (1, BLUE)
    apart = Story(an_alarm()).sees(a_report(occurred_at=at(31)))
    assert apart.transitions[-1] is AlertTransition.UPDATED
    over = Story(an_alarm()).sees(a_report(kind=ReportKind.FINAL))
    assert over.alert.sources == 1, "a final report says that it is over"


def test_a_second_source_that_asks_for_more_is_a_new_proposal_first() -> None:
    story = Story(an_alarm("alm-1", level=BLUE)).sees(an_alarm("alm-2", level=RED))
    assert story.transitions[-1] is AlertTransition.UPDATED
    assert (story.alert.sources, story.alert.proposed_level) == (2, RED)


def test_records_of_a_change() -> None:
    story = pending(YELLOW)
    decision = a_decision(story.alert.alert_id, APPROVE, YELLOW, trace_id="trace-7")
    change = decide(story.alert, decision, at(1))
    assert isinstance(change, Change)
    out = records(change, origin_of(decision), at(2))
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
def test_a_drill_tells_the_public_nothing(status: Status) -> None:
    story = Story(an_alarm(status=status))
    for verb in (VERIFY, ASSESS, APPROVE):
        decision = a_decision(story.alert.alert_id, verb, YELLOW, status=status)
        change = decide(story.alert, decision, T0)
        assert isinstance(change, Change)
        story.alert = change.alert
        assert records(change, origin_of(decision), T0).notice is None
    assert story.alert.level is YELLOW


def test_a_restricted_report_keeps_its_words_to_itself() -> None:
    report = a_report(restricted=True, headline="张三家")
    assert headline_of(report) == RESTRICTED_HEADLINE


def test_verified_by_a_person_is_checked_and_not_only_implied() -> None:
    story = pending(ORANGE)
    story.alert = replace(story.alert, verified_by=None)
    story.refuses(RefusalReason.NOT_VERIFIED, APPROVE, CITY)


def test_areas_are_bounded_and_begin_with_the_place() -> None:
    story = Story(an_alarm())
    for number in range(100):
        story.sees(an_alarm(f"alm-{number}", 2, place=f"500118118{number + 100}"))
    assert isinstance(story.alert, Alert)
    assert story.alert.areas[0] == VILLAGE
    assert len(story.alert.areas) == 64
