"""Decisions after the issue of an alert: recalls, officers' proposals, validity, positions."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.alerting.core.alerts import validity
from services.alerting.core.alerts.outcome import RefusalReason
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertState, AlertTransition, Assessment, DecisionVerb
from shared.contracts.fields import Level
from shared.domain import alert_validity
from tests.unit.alerting.alert_history import AlertHistory, issued_history, pending_history
from tests.unit.alerting.builders import (
    CITY,
    DISTRICT,
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    an_alarm,
    at,
)

BLUE, YELLOW, ORANGE, RED = Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED
APPROVE, REJECT, ASSESS = DecisionVerb.APPROVE, DecisionVerb.REJECT, DecisionVerb.ASSESS
ADJUST, LIFT, RECALL = DecisionVerb.ADJUST, DecisionVerb.LIFT, DecisionVerb.RECALL
EMERGENCY, RATIFY, ANNUL = (
    DecisionVerb.AUTHORISE_EMERGENCY,
    DecisionVerb.RATIFY,
    DecisionVerb.ANNUL,
)
NO_RIGHT, NO_STEP = RefusalReason.NOT_ENTITLED, RefusalReason.ILLEGAL_STEP


# Recall: one action.


@pytest.mark.parametrize(
    ("level", "unit"), [(BLUE, DISTRICT), (YELLOW, DISTRICT), (ORANGE, CITY), (RED, CITY)]
)
def test_a_false_alert_is_recalled_with_one_action_of_one_officer(level: Level, unit: str) -> None:
    history = issued_history(level)
    for stranger in {CITY, DISTRICT, TOWN, VILLAGE} - {unit}:
        history.expect_refusal(NO_RIGHT, RECALL, stranger, level=level)
    history.decide(RECALL, unit, level=level, reason="传感器误报")
    assert history.alert.state is AlertState.RECALLED
    last, notice = history.events[-1], history.notices[-1]
    assert (last.msg_type, last.transition, last.level) == ("Cancel", "recalled", level)
    assert last.references[0] == history.events[-2].id
    assert (notice.level, notice.text) == (None, "传感器误报")
    assert notice.headline.startswith("撤回")


def test_the_authority_of_the_issued_level_recalls() -> None:
    history = issued_history(YELLOW).add_evidence(an_alarm("alm-2", level=RED, occurred_at=at(3)))
    history.expect_refusal(NO_RIGHT, RECALL, CITY, level=YELLOW)
    assert history.decide(RECALL, DISTRICT, level=YELLOW).alert.state is AlertState.RECALLED


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"level": RED}, RefusalReason.OTHER_LEVEL),
        ({"level": YELLOW, "reason": " "}, RefusalReason.NO_REASON),
    ],
)
def test_a_recall_names_its_level_and_reason(wrong: dict[str, Any], reason: RefusalReason) -> None:
    issued_history(YELLOW).expect_refusal(reason, RECALL, **wrong)


def test_only_an_issued_alert_is_recalled() -> None:
    pending_history().expect_refusal(NO_STEP, RECALL, level=YELLOW)


# An officer's own proposal goes through the same gate.


def test_an_adjustment_of_an_officer_waits_for_the_gate_of_its_level() -> None:
    history = issued_history(YELLOW).decide(ADJUST, TOWN, level=ORANGE, reason="上游来水")
    assert history.transitions[-1] == "proposed"
    assert (history.alert.level, history.alert.proposed_level) == (YELLOW, ORANGE)
    history.expect_refusal(NO_RIGHT, APPROVE, DISTRICT)
    history.decide(APPROVE, CITY)
    assert history.transitions[-1] == "adjusted"
    assert (history.alert.level, history.events[-1].msg_type) == (ORANGE, "Update")
    # The same evidence follower does not undo what people decided.
    history.add_evidence(an_alarm("alm-2", occurred_at=at(5)))
    assert (history.alert.level, history.alert.is_pending) == (ORANGE, False)


def test_an_officer_proposes_another_level_before_the_issue() -> None:
    history = pending_history(YELLOW).decide(ADJUST, TOWN, level=BLUE, reason="影响有限")
    history.decide(APPROVE)
    assert history.alert.level is BLUE


def test_lifting_and_more_time_are_proposals_too() -> None:
    until = at(1) + timedelta(days=3)
    history = issued_history(YELLOW)
    history.decide(ADJUST, TOWN, level=YELLOW, valid_until=until, reason="仍有余震")
    assert history.alert.is_pending
    history.decide(APPROVE)
    assert (history.transitions[-1], history.alert.expires_at) == (AlertTransition.ADJUSTED, until)
    history.decide(LIFT, TOWN, level=None, reason="险情解除").decide(APPROVE, level=None)
    assert history.alert.state is AlertState.LIFTED


def test_a_rejected_proposal_of_an_officer_changes_no_level() -> None:
    history = issued_history(YELLOW)
    before = history.alert.expires_at
    history.decide(ADJUST, TOWN, level=YELLOW, valid_until=at(600), reason="x").decide(REJECT)
    assert (history.alert.level, history.alert.expires_at) == (YELLOW, before)
    assert not history.alert.is_pending


@pytest.mark.parametrize(
    ("verb", "values", "reason"),
    [
        (ADJUST, {"level": ORANGE, "reason": ""}, RefusalReason.NO_REASON),
        (ADJUST, {"level": None}, RefusalReason.OTHER_LEVEL),
        (ADJUST, {"level": Level.NOTICE}, RefusalReason.OTHER_LEVEL),
        (ADJUST, {"level": YELLOW}, RefusalReason.NOTHING_PROPOSED),
        (ADJUST, {"level": ORANGE, "valid_until": at(0)}, RefusalReason.BAD_PERIOD),
        (ADJUST, {"level": ORANGE, "valid_until": at(60 * 24 * 31)}, RefusalReason.BAD_PERIOD),
        (LIFT, {"level": YELLOW}, RefusalReason.OTHER_LEVEL),
    ],
)
def test_invalid_proposals_are_refused(
    verb: DecisionVerb, values: dict[str, Any], reason: RefusalReason
) -> None:
    issued_history(YELLOW).expect_refusal(reason, verb, TOWN, **values)


def test_a_stranger_cannot_propose() -> None:
    issued_history(YELLOW).expect_refusal(NO_RIGHT, ADJUST, OTHER_TOWN, level=ORANGE)


# Validity.


@pytest.mark.parametrize("level", [BLUE, YELLOW, ORANGE, RED])
def test_an_issued_alert_expires_at_its_time_and_not_earlier(level: Level) -> None:
    history = issued_history(level)
    due = at(1) + alert_validity.VALID_FOR[level]
    assert history.alert.expires_at == due
    assert validity.expire(history.alert, due - timedelta(seconds=1)) is None
    change = validity.expire(history.alert, due)
    assert change is not None
    assert (change.alert.state, change.transition) == ("expired", "expired")
    assert validity.expire(change.alert, due) is None


def test_active_alarms_of_an_expired_alert_open_another() -> None:
    history = issued_history(YELLOW)
    assert history.alert.expires_at is not None
    change = validity.expire(history.alert, history.alert.expires_at)
    assert change is not None
    follower = validity.follow_up_alert(change.alert)
    assert follower is not None
    assert (follower.transition, follower.alert.state) == ("opened", "verifying")
    assert [alarm.alarm_id for alarm in follower.alert.alarms] == ["alm-1"]
    assert follower.alert.alert_id != history.alert.alert_id
    history.add_evidence(an_alarm(version=2, transition=AlarmTransition.CLEARED, occurred_at=at(9)))
    assert history.alert.expires_at is not None
    quiet = validity.expire(history.alert, history.alert.expires_at)
    assert quiet is not None
    assert validity.follow_up_alert(quiet.alert) is None


# Three scales, several bodies: 2021-07-05 on the 綦江河 (docs/sources.md S22).


def test_positions_of_several_bodies_are_listed() -> None:
    history = issued_history(ORANGE)
    for minutes, unit, assessment in (
        (20, CITY + "/hydrology", {"level": YELLOW}),
        (110, CITY + "/hydrology", {"level": ORANGE}),
        (180, CITY + "/water", {"response_level": "III"}),
        (240, CITY, {"level": YELLOW, "response_level": "IV"}),
    ):
        history.decide(
            ASSESS,
            unit,
            level=None,
            assessment=Assessment.model_validate(assessment, strict=False),
            occurred_at=at(minutes),
        )
    assessments = {position.unit: position.assessment for position in history.events[-1].positions}
    assert assessments[CITY + "/hydrology"].level is ORANGE
    assert assessments[CITY + "/water"].response_level == "III"
    assert (assessments[CITY].level, assessments[CITY].response_level) == (YELLOW, "IV")
    last = history.events[-1]
    assert (last.level, last.response_level, last.incident_grade) == (ORANGE, "IV", None)


def test_a_position_changes_no_level_and_no_state() -> None:
    history = AlertHistory(an_alarm(level=YELLOW))
    history.decide(ASSESS, TOWN, assessment=Assessment(level=RED))
    assert (history.alert.state, history.alert.proposed_level) == (AlertState.VERIFYING, YELLOW)
    assert history.transitions[-1] == "positioned"
    history.expect_refusal(NO_RIGHT, ASSESS, OTHER_TOWN, assessment=Assessment(level=RED))


def test_a_department_may_speak_while_the_district_assesses() -> None:
    history = AlertHistory(an_alarm(level=YELLOW)).decide(DecisionVerb.VERIFY, TOWN)
    history.decide(ASSESS, CITY + "/water", level=None, assessment=Assessment(level=ORANGE))
    assert (history.alert.state, history.transitions[-1]) == (AlertState.VERIFIED, "positioned")


@pytest.mark.parametrize(
    ("requested", "until"),
    [
        (at(1) + timedelta(days=2), at(1) + timedelta(days=2)),
        (at(1) + timedelta(days=31), at(1) + alert_validity.VALID_FOR[YELLOW]),
        (at(0), at(1) + alert_validity.VALID_FOR[YELLOW]),
    ],
)
def test_a_signer_may_set_the_validity(requested: datetime, until: datetime) -> None:
    history = pending_history(YELLOW).decide(APPROVE, valid_until=requested)
    assert history.alert.expires_at == until


def test_an_assessment_may_state_the_position_of_the_unit() -> None:
    history = AlertHistory(an_alarm(level=YELLOW)).decide(DecisionVerb.VERIFY, TOWN)
    history.decide(
        ASSESS,
        DISTRICT,
        assessment=Assessment.model_validate({"incident_grade": "grade_4"}, strict=False),
    )
    assert history.alert.state is AlertState.PENDING_APPROVAL
    assert history.events[-1].incident_grade == "grade_4"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_highest_body_leads_whatever_the_order(order: tuple[int, ...]) -> None:
    statements = [(TOWN, "IV"), (DISTRICT, "III"), (CITY + "/water", "II")]
    history = issued_history(ORANGE)
    for n in order:
        unit, level = statements[n]
        assessment = Assessment.model_validate({"response_level": level}, strict=False)
        history.decide(ASSESS, unit, assessment=assessment)
    assert history.events[-1].response_level == "II"
