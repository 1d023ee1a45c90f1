"""What can happen to an alert beside the straight way: other levels, ends, emergencies, positions."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.alerting.core import debt, validity
from services.alerting.core.outcome import RefusalReason
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertState, AlertTransition, Assessment, DecisionVerb
from shared.contracts.fields import Level, Post
from tests.unit.alerting.builders import (
    CITY,
    DISTRICT,
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    an_alarm,
    at,
)
from tests.unit.alerting.stories import Story, issued, pending

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
    story = issued(level)
    for other in {CITY, DISTRICT, TOWN, VILLAGE} - {unit}:
        story.refuses(NO_RIGHT, RECALL, other, level=level)
    story.decides(RECALL, unit, level=level, reason="传感器误报")
    assert story.alert.state is AlertState.RECALLED
    last, notice = story.events[-1], story.notices[-1]
    assert (last.msg_type, last.transition, last.level) == ("Cancel", "recalled", level)
    assert last.references[0] == story.events[-2].id
    assert (notice.level, notice.text) == (None, "传感器误报")
    assert notice.headline.startswith("撤回")


def test_it_is_recalled_by_whose_level_is_in_force_whatever_is_proposed() -> None:
    story = issued(YELLOW).sees(an_alarm("alm-2", level=RED, occurred_at=at(3)))
    story.refuses(NO_RIGHT, RECALL, CITY, level=YELLOW)
    assert story.decides(RECALL, DISTRICT, level=YELLOW).alert.state is AlertState.RECALLED


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"level": RED}, RefusalReason.OTHER_LEVEL),
        ({"level": YELLOW, "reason": " "}, RefusalReason.NO_REASON),
    ],
)
def test_a_recall_names_what_it_recalls_and_why(
    wrong: dict[str, Any], reason: RefusalReason
) -> None:
    issued(YELLOW).refuses(reason, RECALL, **wrong)


def test_only_what_is_issued_is_recalled() -> None:
    pending().refuses(NO_STEP, RECALL, level=YELLOW)


# An officer's own proposal goes through the same gate.


def test_an_adjustment_of_an_officer_waits_for_the_gate_of_its_level() -> None:
    story = issued(YELLOW).decides(ADJUST, TOWN, level=ORANGE, reason="上游来水")
    assert story.transitions[-1] == "proposed"
    assert (story.alert.level, story.alert.proposed_level) == (YELLOW, ORANGE)
    story.refuses(NO_RIGHT, APPROVE, DISTRICT)
    story.decides(APPROVE, CITY)
    assert story.transitions[-1] == "adjusted"
    assert (story.alert.level, story.events[-1].msg_type) == (ORANGE, "Update")
    # The same evidence again does not undo what people decided.
    story.sees(an_alarm("alm-2", occurred_at=at(5)))
    assert (story.alert.level, story.alert.pending) == (ORANGE, False)


def test_another_level_than_the_evidence_asks_for_before_the_issue() -> None:
    story = pending(YELLOW).decides(ADJUST, TOWN, level=BLUE, reason="影响有限")
    story.decides(APPROVE)
    assert story.alert.level is BLUE


def test_lifting_and_more_time_are_proposals_too() -> None:
    until = at(1) + timedelta(days=3)
    story = issued(YELLOW)
    story.decides(ADJUST, TOWN, level=YELLOW, valid_until=until, reason="仍有余震")
    assert story.alert.pending
    story.decides(APPROVE)
    assert (story.transitions[-1], story.alert.expires_at) == (AlertTransition.ADJUSTED, until)
    story.decides(LIFT, TOWN, level=None, reason="险情解除").decides(APPROVE, level=None)
    assert story.alert.state is AlertState.LIFTED


def test_a_rejected_proposal_of_an_officer_leaves_everything_as_it_was() -> None:
    story = issued(YELLOW)
    before = story.alert.expires_at
    story.decides(ADJUST, TOWN, level=YELLOW, valid_until=at(600), reason="x").decides(REJECT)
    assert (story.alert.level, story.alert.expires_at) == (YELLOW, before)
    assert not story.alert.pending


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
def test_proposals_that_are_none(
    verb: DecisionVerb, values: dict[str, Any], reason: RefusalReason
) -> None:
    issued(YELLOW).refuses(reason, verb, TOWN, **values)


def test_a_stranger_proposes_nothing() -> None:
    issued(YELLOW).refuses(NO_RIGHT, ADJUST, OTHER_TOWN, level=ORANGE)


# Validity.


@pytest.mark.parametrize("level", [BLUE, YELLOW, ORANGE, RED])
def test_an_issued_alert_expires_at_its_hour_and_not_before(level: Level) -> None:
    story = issued(level)
    due = at(1) + validity.VALID_FOR[level]
    assert story.alert.expires_at == due
    assert validity.expire(story.alert, due - timedelta(seconds=1)) is None
    change = validity.expire(story.alert, due)
    assert change is not None
    assert (change.alert.state, change.transition) == ("expired", "expired")
    assert validity.expire(change.alert, due) is None


def test_what_is_still_on_when_it_expires_is_another_alert_at_once() -> None:
    story = issued(YELLOW)
    assert story.alert.expires_at is not None
    change = validity.expire(story.alert, story.alert.expires_at)
    assert change is not None
    again = validity.again(change.alert)
    assert again is not None
    assert (again.transition, again.alert.state) == ("opened", "verifying")
    assert [alarm.alarm_id for alarm in again.alert.alarms] == ["alm-1"]
    assert again.alert.alert_id != story.alert.alert_id
    story.sees(an_alarm(version=2, transition=AlarmTransition.CLEARED, occurred_at=at(9)))
    assert story.alert.expires_at is not None
    quiet = validity.expire(story.alert, story.alert.expires_at)
    assert quiet is not None
    assert validity.again(quiet.alert) is None


# Emergency authorisation and its debt.


@pytest.mark.parametrize(
    ("level", "unit", "post", "may"),
    [
        (RED, DISTRICT, Post.COMMANDER, True),
        (RED, DISTRICT, Post.A, True),
        (RED, DISTRICT, Post.B, False),
        (RED, TOWN, Post.COMMANDER, True),
        (RED, VILLAGE, Post.COMMANDER, False),
        (RED, CITY, Post.COMMANDER, False),
        (YELLOW, TOWN, Post.A, True),
        (YELLOW, DISTRICT, Post.A, False),
        (YELLOW, CITY, Post.COMMANDER, False),
        (YELLOW, OTHER_TOWN, Post.COMMANDER, False),
    ],
)
def test_who_may_issue_in_an_emergency(level: Level, unit: str, post: Post, may: bool) -> None:
    story = Story(an_alarm(level=level))
    if may:
        story.decides(EMERGENCY, unit, post=post, reason="溃坝在即")
        assert (story.alert.level, story.transitions[-1]) == (level, "issued")
    else:
        story.refuses(NO_RIGHT, EMERGENCY, unit, post=post, reason="溃坝在即")


def emergency(level: Level = RED) -> Story:
    story = Story(an_alarm(level=level))
    return story.decides(EMERGENCY, TOWN, post=Post.A, officer="o-town", reason="溃坝在即")


def test_it_issues_at_once_calls_the_gate_and_leaves_a_debt() -> None:
    story = emergency()
    last = story.events[-1]
    assert last.debt is not None
    assert (last.debt.unit, last.debt.approvals) == (CITY, 2)
    assert last.debt.due_at == at(1) + debt.DUE_AFTER[RED]
    assert [signature.officer_id for signature in last.signatures] == ["o-town"]
    assert story.notices[-1].level is RED


def test_it_needs_a_reason_something_to_issue_and_no_older_debt() -> None:
    story = Story(an_alarm(level=RED))
    story.refuses(RefusalReason.NO_REASON, EMERGENCY, TOWN, post=Post.A, reason=" ")
    issued(YELLOW).refuses(RefusalReason.NOTHING_PROPOSED, EMERGENCY, TOWN, post=Post.A)
    owing = emergency(YELLOW).sees(
        an_alarm("alm-2", level=RED, transition=AlarmTransition.RAISED, occurred_at=at(3))
    )
    owing.refuses(NO_STEP, EMERGENCY, TOWN, post=Post.A)


def test_a_debt_is_chased_at_its_hour_and_again_until_it_is_settled() -> None:
    alert = emergency().alert
    due = at(1) + debt.DUE_AFTER[RED]
    assert debt.chase(alert, due - timedelta(seconds=1)) is None
    for number in range(1, 4):
        change = debt.chase(alert, due)
        assert change is not None
        assert (change.transition, [call.unit for call in change.calls]) == ("debt_due", [CITY])
        alert = change.alert
        assert alert.debt is not None
        assert (alert.debt.chased, alert.debt.next_at) == (number, due + debt.CHASE_EVERY)
        assert debt.chase(alert, due) is None
        due = alert.debt.next_at


@pytest.mark.parametrize("level", [BLUE, YELLOW, ORANGE, RED])
def test_nobody_issues_in_an_emergency_for_less_than_until_the_gate_is_chased(level: Level) -> None:
    story = Story(an_alarm(level=level)).decides(
        EMERGENCY, TOWN, post=Post.A, reason="溃坝在即", valid_until=at(2)
    )
    owed, ends = story.alert.debt, story.alert.expires_at
    assert owed is not None
    assert ends is not None
    assert validity.expire(story.alert, owed.due_at) is None
    chased = debt.chase(story.alert, owed.due_at)
    assert chased is not None
    assert validity.expire(chased.alert, owed.due_at) is None, "its hour is not yet the end"


def test_an_emergency_that_expires_unsigned_leaves_that_on_the_record() -> None:
    story = emergency()
    assert story.alert.expires_at is not None
    change = validity.expire(story.alert, story.alert.expires_at)
    assert change is not None
    assert change.alert.state is AlertState.EXPIRED
    assert change.alert.debt == story.alert.debt
    assert debt.chase(change.alert, story.alert.expires_at + timedelta(days=1)) is None


def test_red_is_ratified_by_two_others() -> None:
    story = emergency()
    story.refuses(NO_RIGHT, RATIFY, DISTRICT, level=RED)
    story.decides(RATIFY, CITY, level=RED, officer="o-1")
    assert (story.transitions[-1], story.alert.debt is None) == ("signed", False)
    story.refuses(RefusalReason.ALREADY_SIGNED, RATIFY, CITY, level=RED, officer="o-1")
    story.decides(RATIFY, CITY, level=RED, officer="o-2")
    assert (story.transitions[-1], story.alert.debt) == ("ratified", None)
    story.refuses(RefusalReason.NO_DEBT, RATIFY, CITY, level=RED, officer="o-3")


def test_what_the_gate_had_signed_by_then_is_no_signature_under_the_emergency() -> None:
    story = pending(RED).decides(APPROVE, CITY, officer="o-1")
    assert (
        [signature.officer_id for signature in story.alert.signed],
        story.events[-1].signed,
    ) == (["o-1"], 1)
    story.decides(EMERGENCY, DISTRICT, post=Post.COMMANDER, officer="o-district", reason="急")
    assert [signature.officer_id for signature in story.events[-1].signatures] == ["o-district"]
    assert story.events[-1].signed == 0
    for officer in ("o-1", "o-2"):
        assert story.alert.debt is not None
        story.decides(RATIFY, CITY, level=RED, officer=officer)
    assert story.alert.debt is None


def test_annulled_it_is_recalled_or_falls_back_to_what_was_in_force() -> None:
    story = emergency()
    story.refuses(RefusalReason.NO_REASON, ANNUL, CITY, level=RED, reason="")
    story.decides(ANNUL, CITY, level=RED, reason="不成立")
    assert (story.alert.state, story.notices[-1].level) == (AlertState.RECALLED, None)
    story = issued(YELLOW).sees(an_alarm("alm-2", level=RED, occurred_at=at(3)))
    story.decides(EMERGENCY, DISTRICT, post=Post.COMMANDER, reason="急")
    assert (story.transitions[-1], story.alert.level) == ("adjusted", RED)
    story.decides(ANNUL, CITY, level=RED, reason="不成立")
    assert (story.transitions[-1], story.alert.level, story.alert.debt) == (
        "adjusted",
        YELLOW,
        None,
    )
    assert not story.alert.pending, "nothing waits for a signature"
    assert story.notices[-1].level is YELLOW


def test_who_issued_in_an_emergency_may_recall_it_himself() -> None:
    story = emergency()
    story.refuses(NO_RIGHT, RECALL, DISTRICT, level=RED)
    story.decides(RECALL, TOWN, level=RED, reason="看错了")
    assert (story.alert.state, story.alert.debt) == (AlertState.RECALLED, None)


def test_a_debt_ends_with_the_level_it_was_made_for() -> None:
    story = emergency().decides(ADJUST, CITY, level=YELLOW, reason="降级")
    story.decides(APPROVE, CITY)
    assert (story.alert.level, story.alert.debt) == (YELLOW, None)


# Three scales, several bodies: 2021-07-05 on the 綦江河 (docs/sources.md S22).


def test_what_several_bodies_hold_stands_side_by_side() -> None:
    story = issued(ORANGE)
    for minutes, unit, assessment in (
        (20, CITY + "/hydrology", {"level": YELLOW}),
        (110, CITY + "/hydrology", {"level": ORANGE}),
        (180, CITY + "/water", {"response_level": "III"}),
        (240, CITY, {"level": YELLOW, "response_level": "IV"}),
    ):
        story.decides(
            ASSESS,
            unit,
            level=None,
            assessment=Assessment.model_validate(assessment, strict=False),
            occurred_at=at(minutes),
        )
    held = {position.unit: position.assessment for position in story.events[-1].positions}
    assert held[CITY + "/hydrology"].level is ORANGE
    assert held[CITY + "/water"].response_level == "III"
    assert (held[CITY].level, held[CITY].response_level) == (YELLOW, "IV")
    last = story.events[-1]
    assert (last.level, last.response_level, last.incident_grade) == (ORANGE, "IV", None)


def test_a_position_changes_no_level_and_no_state() -> None:
    story = Story(an_alarm(level=YELLOW))
    story.decides(ASSESS, TOWN, assessment=Assessment(level=RED))
    assert (story.alert.state, story.alert.proposed_level) == (AlertState.VERIFYING, YELLOW)
    assert story.transitions[-1] == "positioned"
    story.refuses(NO_RIGHT, ASSESS, OTHER_TOWN, assessment=Assessment(level=RED))


def test_a_department_may_speak_while_the_district_assesses() -> None:
    story = Story(an_alarm(level=YELLOW)).decides(DecisionVerb.VERIFY, TOWN)
    story.decides(ASSESS, CITY + "/water", level=None, assessment=Assessment(level=ORANGE))
    assert (story.alert.state, story.transitions[-1]) == (AlertState.VERIFIED, "positioned")


@pytest.mark.parametrize(
    ("wanted", "until"),
    [
        (at(1) + timedelta(days=2), at(1) + timedelta(days=2)),
        (at(1) + timedelta(days=31), at(1) + validity.VALID_FOR[YELLOW]),
        (at(0), at(1) + validity.VALID_FOR[YELLOW]),
    ],
)
def test_who_signs_may_set_how_long_it_holds(wanted: datetime, until: datetime) -> None:
    story = pending(YELLOW).decides(APPROVE, valid_until=wanted)
    assert story.alert.expires_at == until


def test_assessing_may_say_what_the_unit_holds_as_well() -> None:
    story = Story(an_alarm(level=YELLOW)).decides(DecisionVerb.VERIFY, TOWN)
    story.decides(
        ASSESS,
        DISTRICT,
        assessment=Assessment.model_validate({"incident_grade": "grade_4"}, strict=False),
    )
    assert story.alert.state is AlertState.PENDING_APPROVAL
    assert story.events[-1].incident_grade == "grade_4"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_highest_body_leads_whatever_the_order(order: tuple[int, ...]) -> None:
    said = [(TOWN, "IV"), (DISTRICT, "III"), (CITY + "/water", "II")]
    story = issued(ORANGE)
    for n in order:
        unit, level = said[n]
        assessment = Assessment.model_validate({"response_level": level}, strict=False)
        story.decides(ASSESS, unit, assessment=assessment)
    assert story.events[-1].response_level == "II"
