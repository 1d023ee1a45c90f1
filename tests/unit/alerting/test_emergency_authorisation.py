"""Emergency authorisation and its ratification by the gate."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.alerting.core.alerts import ratification, validity
from services.alerting.core.alerts.outcome import RefusalReason
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.fields import Level, Post
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
def test_officers_who_may_issue_in_an_emergency(
    level: Level, unit: str, post: Post, may: bool
) -> None:
    history = AlertHistory(an_alarm(level=level))
    if may:
        history.decide(EMERGENCY, unit, post=post, reason="溃坝在即")
        assert (history.alert.level, history.transitions[-1]) == (level, "issued")
    else:
        history.expect_refusal(NO_RIGHT, EMERGENCY, unit, post=post, reason="溃坝在即")


def emergency(level: Level = RED) -> AlertHistory:
    history = AlertHistory(an_alarm(level=level))
    return history.decide(EMERGENCY, TOWN, post=Post.A, officer="o-town", reason="溃坝在即")


def test_an_authorisation_issues_and_calls_the_gate() -> None:
    history = emergency()
    last = history.events[-1]
    assert last.debt is not None
    assert (last.debt.unit, last.debt.approvals) == (CITY, 2)
    assert last.debt.due_at == at(1) + alert_validity.DUE_AFTER[RED]
    assert [signature.officer_id for signature in last.signatures] == ["o-town"]
    assert history.notices[-1].level is RED


def test_an_authorisation_needs_a_reason_a_proposal_and_no_pending_one() -> None:
    history = AlertHistory(an_alarm(level=RED))
    history.expect_refusal(RefusalReason.NO_REASON, EMERGENCY, TOWN, post=Post.A, reason=" ")
    issued_history(YELLOW).expect_refusal(
        RefusalReason.NOTHING_PROPOSED, EMERGENCY, TOWN, post=Post.A
    )
    owing = emergency(YELLOW).add_evidence(
        an_alarm("alm-2", level=RED, transition=AlarmTransition.RAISED, occurred_at=at(3))
    )
    owing.expect_refusal(NO_STEP, EMERGENCY, TOWN, post=Post.A)


def test_the_gate_is_reminded_until_it_settles() -> None:
    alert = emergency().alert
    due = at(1) + alert_validity.DUE_AFTER[RED]
    assert ratification.remind_gate(alert, due - timedelta(seconds=1)) is None
    for number in range(1, 4):
        change = ratification.remind_gate(alert, due)
        assert change is not None
        assert (change.transition, [call.unit for call in change.calls]) == ("debt_due", [CITY])
        alert = change.alert
        assert alert.pending_ratification is not None
        assert (alert.pending_ratification.chased, alert.pending_ratification.next_at) == (
            number,
            due + alert_validity.REMIND_EVERY,
        )
        assert ratification.remind_gate(alert, due) is None
        due = alert.pending_ratification.next_at


@pytest.mark.parametrize("level", [BLUE, YELLOW, ORANGE, RED])
def test_an_authorisation_is_valid_until_the_first_reminder(level: Level) -> None:
    history = AlertHistory(an_alarm(level=level)).decide(
        EMERGENCY, TOWN, post=Post.A, reason="溃坝在即", valid_until=at(2)
    )
    owed, ends = history.alert.pending_ratification, history.alert.expires_at
    assert owed is not None
    assert ends is not None
    assert validity.expire(history.alert, owed.due_at) is None
    chased = ratification.remind_gate(history.alert, owed.due_at)
    assert chased is not None
    assert validity.expire(chased.alert, owed.due_at) is None, "its hour is not yet the end"


def test_an_expired_authorisation_keeps_its_pending_ratification() -> None:
    history = emergency()
    assert history.alert.expires_at is not None
    change = validity.expire(history.alert, history.alert.expires_at)
    assert change is not None
    assert change.alert.state is AlertState.EXPIRED
    assert change.alert.pending_ratification == history.alert.pending_ratification
    assert (
        ratification.remind_gate(change.alert, history.alert.expires_at + timedelta(days=1)) is None
    )


def test_two_further_officers_ratify_a_red_alert() -> None:
    history = emergency()
    history.expect_refusal(NO_RIGHT, RATIFY, DISTRICT, level=RED)
    history.decide(RATIFY, CITY, level=RED, officer="o-1")
    assert (history.transitions[-1], history.alert.pending_ratification is None) == (
        "signed",
        False,
    )
    history.expect_refusal(RefusalReason.ALREADY_SIGNED, RATIFY, CITY, level=RED, officer="o-1")
    history.decide(RATIFY, CITY, level=RED, officer="o-2")
    assert (history.transitions[-1], history.alert.pending_ratification) == ("ratified", None)
    history.expect_refusal(RefusalReason.NO_DEBT, RATIFY, CITY, level=RED, officer="o-3")


def test_earlier_signatures_of_the_gate_do_not_count() -> None:
    history = pending_history(RED).decide(APPROVE, CITY, officer="o-1")
    assert (
        [signature.officer_id for signature in history.alert.signatures],
        history.events[-1].signed,
    ) == (["o-1"], 1)
    history.decide(EMERGENCY, DISTRICT, post=Post.COMMANDER, officer="o-district", reason="急")
    assert [signature.officer_id for signature in history.events[-1].signatures] == ["o-district"]
    assert history.events[-1].signed == 0
    for officer in ("o-1", "o-2"):
        assert history.alert.pending_ratification is not None
        history.decide(RATIFY, CITY, level=RED, officer=officer)
    assert history.alert.pending_ratification is None


def test_an_annulment_recalls_or_restores_the_former_level() -> None:
    history = emergency()
    history.expect_refusal(RefusalReason.NO_REASON, ANNUL, CITY, level=RED, reason="")
    history.decide(ANNUL, CITY, level=RED, reason="不成立")
    assert (history.alert.state, history.notices[-1].level) == (AlertState.RECALLED, None)
    history = issued_history(YELLOW).add_evidence(an_alarm("alm-2", level=RED, occurred_at=at(3)))
    history.decide(EMERGENCY, DISTRICT, post=Post.COMMANDER, reason="急")
    assert (history.transitions[-1], history.alert.level) == ("adjusted", RED)
    history.decide(ANNUL, CITY, level=RED, reason="不成立")
    assert (history.transitions[-1], history.alert.level, history.alert.pending_ratification) == (
        "adjusted",
        YELLOW,
        None,
    )
    assert not history.alert.is_pending, "nothing waits for a signature"
    assert history.notices[-1].level is YELLOW


def test_the_unit_that_authorised_may_recall() -> None:
    history = emergency()
    history.expect_refusal(NO_RIGHT, RECALL, DISTRICT, level=RED)
    history.decide(RECALL, TOWN, level=RED, reason="看错了")
    assert (history.alert.state, history.alert.pending_ratification) == (AlertState.RECALLED, None)


def test_a_pending_ratification_ends_with_its_level() -> None:
    history = emergency().decide(ADJUST, CITY, level=YELLOW, reason="降级")
    history.decide(APPROVE, CITY)
    assert (history.alert.level, history.alert.pending_ratification) == (YELLOW, None)
