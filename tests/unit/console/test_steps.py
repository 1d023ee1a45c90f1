"""Offers of a screen: the next step of an alert, and only acts open to the officer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.core.access import Viewer, may_decide, may_step, with_usual_rights
from services.console.core.offers import (
    AlertFacts,
    further_verbs,
    next_of,
    steps_for,
    verbs_for,
    verbs_of_command,
)
from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.assignments import AssignmentState, Step
from shared.contracts.commands import CommandState
from shared.contracts.fields import Post
from tests.support.console_events import CITY, DISTRICT, MICROGRID, VILLAGE, ZHUTUO

UNITS = [CITY, DISTRICT, ZHUTUO, VILLAGE, MICROGRID]


def officer(unit: str, name: str = "o") -> Viewer:
    return with_usual_rights(Viewer(name, "测试", unit, Post.B))


def facts(state: AlertState, **more: object) -> AlertFacts:
    defaults: dict[str, object] = {
        "place": ZHUTUO,
        "level": None,
        "proposed": "orange",
        "approver_unit": CITY,
        "approvals_needed": 1,
        "signers": (),
        **more,
    }
    return AlertFacts(state=state, **defaults)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "verb", "unit"),
    [
        (AlertState.VERIFYING, DecisionVerb.VERIFY, ZHUTUO),
        (AlertState.VERIFIED, DecisionVerb.ASSESS, ZHUTUO),
        (AlertState.PENDING_APPROVAL, DecisionVerb.APPROVE, CITY),
    ],
)
def test_the_next_step_names_who_has_to_take_it(
    state: AlertState, verb: DecisionVerb, unit: str
) -> None:
    coming = next_of(facts(state))
    assert coming is not None
    assert (coming.verb, coming.unit) == (verb, unit)


@pytest.mark.parametrize("state", [AlertState.LIFTED, AlertState.DISMISSED, AlertState.REJECTED])
def test_a_closed_alert_waits_for_nobody(state: AlertState) -> None:
    assert next_of(facts(state)) is None
    assert verbs_for(officer(CITY), facts(state)) == []


def test_an_issued_alert_waits_only_for_a_new_proposal() -> None:
    assert next_of(facts(AlertState.ISSUED, level="orange")) is None
    lift = next_of(facts(AlertState.ISSUED, level="orange", proposed=None))
    assert lift is not None
    assert lift.verb is DecisionVerb.APPROVE


def test_who_has_signed_is_not_asked_again() -> None:
    red = facts(
        AlertState.PENDING_APPROVAL, proposed="red", approvals_needed=2, signers=("o-first",)
    )
    coming = next_of(red)
    assert coming is not None
    assert (coming.signed, coming.needed) == (1, 2)
    assert DecisionVerb.APPROVE not in verbs_for(officer(CITY, "o-first"), red)
    assert DecisionVerb.APPROVE in verbs_for(officer(CITY, "o-second"), red)


@given(st.sampled_from(UNITS), st.sampled_from(list(AlertState)), st.sampled_from(UNITS))
def test_no_verb_is_offered_that_would_be_refused(unit: str, state: AlertState, place: str) -> None:
    existing_alert_facts = facts(state, place=place)
    for verb in (
        *verbs_for(officer(unit), existing_alert_facts),
        *further_verbs(officer(unit), existing_alert_facts),
    ):
        assert may_decide(officer(unit), existing_alert_facts.powers, verb) is None


@pytest.mark.parametrize(
    ("state", "more", "unit", "offered"),
    [
        (AlertState.VERIFYING, {}, ZHUTUO, ["word", "merge", "split"]),
        (AlertState.VERIFIED, {}, ZHUTUO, ["word", "adjust", "merge", "split"]),
        (
            AlertState.ISSUED,
            {"authority_unit": DISTRICT},
            DISTRICT,
            ["word", "recall", "adjust", "lift", "assess", "split"],
        ),
        (
            AlertState.ISSUED,
            {"authority_unit": DISTRICT},
            CITY,
            ["word", "adjust", "lift", "assess", "split"],
        ),
        (
            AlertState.ISSUED,
            {"authority_unit": CITY, "debtor_unit": CITY, "authorised_by": DISTRICT},
            CITY,
            ["ratify", "annul", "word", "recall", "adjust", "lift", "assess", "split"],
        ),
        (AlertState.MERGED, {}, ZHUTUO, ["unmerge"]),
        (AlertState.RECALLED, {}, ZHUTUO, []),
        (AlertState.EXPIRED, {}, CITY, []),
    ],
)
def test_what_else_can_be_decided(
    state: AlertState, more: dict[str, object], unit: str, offered: list[str]
) -> None:
    assert further_verbs(officer(unit), facts(state, level="orange", **more)) == offered


def test_an_emergency_is_offered_below_the_approver_while_something_higher_is_proposed() -> None:
    commander = with_usual_rights(Viewer("o", "测试", DISTRICT, Post.COMMANDER))
    verb = DecisionVerb.AUTHORISE_EMERGENCY
    assert verb in further_verbs(commander, facts(AlertState.PENDING_APPROVAL))
    assert verb not in further_verbs(commander, facts(AlertState.ISSUED, level="orange"))


def test_more_time_for_the_same_level_waits_for_the_approver() -> None:
    coming = next_of(facts(AlertState.ISSUED, level="orange", more_time=True))
    assert coming is not None
    assert coming.verb is DecisionVerb.APPROVE


@given(
    st.sampled_from(UNITS),
    st.sampled_from(list(AssignmentState)),
    st.sampled_from(UNITS),
    st.sampled_from([CITY, DISTRICT]),
    st.sampled_from([None, CITY]),
    st.booleans(),
)
def test_no_step_is_offered_that_would_be_refused(
    viewer: str,
    state: AssignmentState,
    unit: str,
    issuer: str,
    release: str | None,
    requested: bool,
) -> None:
    for step in steps_for(officer(viewer), state, unit, issuer, release, asked_step=requested):
        assert may_step(officer(viewer), unit, issuer, step, release) is None


def test_what_a_unit_asks_is_put_before_its_issuer() -> None:
    state = AssignmentState.HANDLING
    assert steps_for(officer(CITY), state, VILLAGE, CITY, asked_step=True)[0] is Step.REFUSE
    assert Step.REFUSE not in steps_for(officer(CITY), state, VILLAGE, CITY)
    assert Step.REFUSE not in steps_for(officer(VILLAGE), state, VILLAGE, CITY, asked_step=True)


def test_the_village_signs_for_its_microgrid() -> None:
    assert steps_for(officer(VILLAGE), AssignmentState.DELIVERED, MICROGRID, CITY) == [
        Step.SIGN,
        Step.RETURN,
    ]
    assert steps_for(officer(ZHUTUO), AssignmentState.DELIVERED, MICROGRID, CITY) == []


def test_a_command_that_is_over_offers_nothing_but_to_reopen_a_closed_one() -> None:
    assert verbs_of_command(officer(CITY), CommandState.CLOSED, CITY) == ["reopen"]
    assert verbs_of_command(officer(CITY), CommandState.REVOKED, CITY) == []
    assert verbs_of_command(officer(ZHUTUO), CommandState.ISSUED, CITY) == ["urge"]
    assert verbs_of_command(officer(MICROGRID), CommandState.ISSUED, CITY) == []
    assert "revoke" in verbs_of_command(officer(CITY), CommandState.ISSUED, DISTRICT)
