"""Every offer is possible; every possible act of a person is offered, or listed here with the
reason.

Possible is what the owner's core makes of the act, whatever any table says. Offered is what the
console's core puts before an officer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import msgspec
import pytest

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.authority import gate
from services.alerting.core.alerts.decisions import decide
from services.alerting.core.alerts.merging import merge, split, unmerge
from services.alerting.core.alerts.outcome import AlertChange, DecisionRefusal
from services.alerting.core.alerts.ratification import authorise_emergency
from services.command.core.assignments.model import OfficerStep
from services.command.core.assignments.states import RESUMES, IllegalStep
from services.command.core.assignments.steps import StepOutcome, apply_step
from services.command.core.commands.authority import may_direct, may_urge, refusal
from services.command.core.modes.proposal import Proposal, RefusedProposal, sign, stop
from services.command.core.modes.states import IllegalStep as IllegalModeStep
from services.command.core.modes.states import ProposalTrigger as ModeEvent
from services.console.core.access import Viewer, may_issue, with_usual_rights
from services.console.core.offers import (
    AlertFacts,
    further_verbs,
    steps_for,
    verbs_for,
    verbs_of_command,
)
from services.console.features.modes.actions import verbs_of
from services.console.features.reports.views import ways
from services.notify.core.escalation.answers import EFFECTS
from services.notify.core.pages.states import IllegalStep as IllegalPageStep
from services.notify.core.pages.states import step as page_step
from shared.contracts.alerts import AlertState, Assessment, DecisionVerb
from shared.contracts.assignments import Ask, AssignmentState, Step
from shared.contracts.commands import CommandState
from shared.contracts.fields import Level, Post
from shared.contracts.lifecycles import alert as alert_life
from shared.contracts.lifecycles import assignment, command, mode_proposal, page, report_duty
from shared.contracts.modes import ModeSignature, ModeVerb, ProposalState
from shared.contracts.pages import AnswerVerb, PageState
from shared.contracts.reports import DutyState, Means
from shared.contracts.wordings import AlertWording
from tests.support.profiles import DEMO
from tests.unit.alerting.alert_history import issued_history
from tests.unit.alerting.builders import a_decision, an_alarm, at
from tests.unit.command.builders import NOW, after, an_assignment
from tests.unit.command.builders import a_command as core_command
from tests.unit.command.test_modes import a_proposal, a_request

CITY, DISTRICT, TOWN = "500000000000", "500118000000", "500118118000"
VILLAGE, GRID, MICROGRID = (
    "500118118201",
    "500118118201/grid/001",
    "500118118201/grid/001/01",
)
OFFICERS = [
    with_usual_rights(Viewer(f"o-{unit}-{post}", "测试", unit, post))
    for unit in (CITY, DISTRICT, TOWN, VILLAGE)
    for post in (Post.B, Post.COMMANDER)
]


# Alerts.

ISSUED_ONCE = (AlertState.ISSUED, AlertState.LIFTED, AlertState.EXPIRED, AlertState.RECALLED)
BASE = issued_history().add_evidence(an_alarm("alm-2")).alert
SECOND_ALERT = replace(issued_history().alert, alert_id="alt-other")
POSITIONS_NOT_OFFERED = {
    AlertState.VERIFYING: "asked for with the assessment, the next step after the verification",
    AlertState.PENDING_APPROVAL: "asked for with the assessment; later ones come from outside",
}
"""States that take a body's position which no form of theirs asks for, and why."""


def alerts(state: AlertState) -> Iterator[Alert]:
    """An alert in this state: with a higher proposal, with a dropped one, to be lifted, with a
    debt.
    """
    level = Level.YELLOW if state in ISSUED_ONCE else None
    merged = state is AlertState.MERGED
    base = replace(
        BASE,
        state=state,
        level=level,
        proposed_level=Level.ORANGE,
        requested_level=Level.ORANGE,
        verified_by="o-1",
        signatures=(),
        state_before_merge=AlertState.VERIFYING if merged else None,
        merged_into=SECOND_ALERT.alert_id if merged else None,
    )
    yield base
    yield replace(base, proposed_level=Level.YELLOW)
    if state is AlertState.ISSUED:
        yield replace(base, proposed_level=None)
        below = replace(base, level=None, proposed_level=Level.ORANGE, state=AlertState.VERIFIED)
        decision = a_decision(
            base.alert_id,
            DecisionVerb.AUTHORISE_EMERGENCY,
            Level.ORANGE,
            DISTRICT,
            post=Post.COMMANDER,
        )
        owing = authorise_emergency(below, decision, at(1), at(1))
        assert isinstance(owing, AlertChange)
        yield owing.alert
        yield replace(owing.alert, proposed_level=Level.RED)


def facts(alert: Alert) -> AlertFacts:
    required, ratification = alert.requirement, alert.pending_ratification
    return AlertFacts(
        state=alert.state,
        place=alert.place,
        level=alert.level,
        proposed=alert.proposed_level,
        approver_unit=required.unit,
        approvals_needed=required.approvals,
        signers=tuple(signature.officer_id for signature in alert.signatures),
        authority_unit=None if alert.level is None else gate(alert.place, alert.level),
        debtor_unit=None if ratification is None else ratification.unit,
        authorised_by=None if ratification is None else ratification.by_unit,
    )


def is_accepted(alert: Alert, verb: DecisionVerb, officer: Viewer, **more: Any) -> bool:
    """Return whether alerting accepts the decision of this officer, about whichever level."""
    if verb is DecisionVerb.SPLIT:
        more["evidence_ids"] = (alert.alarms[0].alarm_id,)
    for level in (None, Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED):
        if verb is DecisionVerb.WORD and level is not None:
            more["wording"] = AlertWording(level=level, headline="洪水", areas=(alert.place,))
        decision = a_decision(
            alert.alert_id, verb, level, officer.unit, officer.officer_id, post=officer.post, **more
        )
        match verb:
            case DecisionVerb.MERGE:
                outcome: object = merge(alert, SECOND_ALERT, decision)
            case DecisionVerb.UNMERGE:
                outcome = unmerge(alert, SECOND_ALERT, decision)
            case DecisionVerb.SPLIT:
                outcome = split(alert, decision)
            case _:
                outcome = decide(alert, decision, at(1))
        if not isinstance(outcome, DecisionRefusal):
            return True
    return False


@pytest.mark.parametrize("state", AlertState)
def test_the_offers_about_an_alert_are_the_acts_that_alerting_accepts(
    state: AlertState,
) -> None:
    position = {"assessment": Assessment(level=Level.RED)}
    wrong = []
    for alert, officer, verb in product(alerts(state), OFFICERS, DecisionVerb):
        existing_alert_facts = facts(alert)
        offered = verb in (
            *verbs_for(officer, existing_alert_facts),
            *further_verbs(officer, existing_alert_facts),
        )
        possible = is_accepted(alert, verb, officer)
        if verb is DecisionVerb.ASSESS and state is AlertState.ISSUED:
            # Its form asks for a position, which is taken always; without one alerting also
            # looks whether the evidence asks for something else, which no record says.
            possible = possible or is_accepted(alert, verb, officer, **position)
        if offered is not possible:
            wrong.append((verb, officer.unit, officer.post, "offered" if offered else "possible"))
    assert not wrong


@pytest.mark.parametrize("state", AlertState)
def test_the_verbs_of_a_state_are_those_that_alerting_accepts_from_some_officer(
    state: AlertState,
) -> None:
    possible = {
        verb
        for alert, officer, verb in product(alerts(state), OFFICERS, DecisionVerb)
        if is_accepted(alert, verb, officer)
    }
    assert possible == alert_life.VERBS[state]


@pytest.mark.parametrize("state", AlertState)
def test_a_position_is_offered_exactly_where_alerting_accepts_it(state: AlertState) -> None:
    alert, officer = next(alerts(state)), OFFICERS[4]
    position = {"assessment": Assessment(level=Level.RED)}
    possible = is_accepted(alert, DecisionVerb.ASSESS, officer, **position)
    existing_alert_facts = facts(alert)
    offered = DecisionVerb.ASSESS in (
        *verbs_for(officer, existing_alert_facts),
        *further_verbs(officer, existing_alert_facts),
    )
    assert offered is (possible and state not in POSITIONS_NOT_OFFERED)
    assert possible or state not in POSITIONS_NOT_OFFERED


# Assignments and commands.

PARTS = {Step.SPLIT: MICROGRID, Step.REASSIGN: f"{VILLAGE}/grid/002"}


def applied(step: Step, state: AssignmentState, officer: Viewer, *, has_question: bool) -> bool:
    """Return whether command applies the step of this officer at once."""
    assignment = an_assignment(
        state=state,
        unit=GRID,
        unit_tier="grid",
        parent_unit=VILLAGE,
        suspended_from=next(iter(RESUMES)) if state is AssignmentState.SUSPENDED else None,
    )
    if has_question:
        question = Ask(step=Step.ASK_EXTEND, until=after(90), officer_id="o-1", text="原因")
        assignment = msgspec.structs.replace(assignment, pending_request=question)
    if refusal(step, officer.unit, assignment, core_command()) is not None:
        return False
    act = OfficerStep(
        step, "ack-1", officer.officer_id, officer.unit, "原因", NOW, 1, after(90),
        (PARTS[step],) if step in PARTS else (),
    )  # fmt: skip
    try:
        outcome, _ = apply_step(assignment, act, 1, NOW, profile=DEMO, level=Level.RED)
    except IllegalStep:
        return False
    return outcome is StepOutcome.APPLIED


@pytest.mark.parametrize("state", AssignmentState)
def test_the_offers_about_an_assignment_are_the_steps_that_command_applies(
    state: AssignmentState,
) -> None:
    wrong = []
    for officer, step, has_question in product(OFFICERS, Step, (False, True)):
        offered = step in steps_for(officer, state, GRID, DISTRICT, asked_step=has_question)
        if offered is not applied(step, state, officer, has_question=has_question):
            wrong.append((step, officer.unit, has_question, "offered" if offered else "possible"))
    assert not wrong


@pytest.mark.parametrize("state", AssignmentState)
def test_the_steps_of_a_state_are_those_that_command_applies_for_some_officer(
    state: AssignmentState,
) -> None:
    possible = {
        step
        for officer, step in product(OFFICERS, Step)
        if applied(step, state, officer, has_question=True)
    }
    assert possible == assignment.STEPS[state]


@pytest.mark.parametrize("state", CommandState)
def test_the_offers_about_a_command_are_the_acts_of_its_state(state: CommandState) -> None:
    possible = {verb for verb, ready in command.READY.items() if state in ready}
    for officer in OFFICERS:
        offered = set(verbs_of_command(officer, state, DISTRICT))
        directs = may_direct(officer.unit, core_command())
        urges = may_issue(officer, (officer.root,)) is None
        assert urges <= may_urge(officer.unit, officer.root)
        assert offered == {verb for verb in possible if (urges if verb == "urge" else directs)}
    row = command.TRANSITIONS[state]
    assert ("revoke" in possible) is (command.CommandTrigger.REVOKE in row)
    assert ("reopen" in possible) is (command.CommandTrigger.RECUR in row)
    assert ({"check", "close"} <= possible) is (state in command.OPEN)


# Proposals of a response mode.


def proposals(state: ProposalState) -> Iterator[Proposal]:
    """A proposal of a person who is no officer of ours, and one of each officer."""
    for proposer in ("o-nobody", *(OFFICER.officer_id for OFFICER in OFFICERS)):
        existing_proposal = a_proposal(proposer, unit=TOWN)
        signature = ModeSignature(officer_id=proposer, unit=TOWN, post=Post.B, signed_at=NOW)
        signed = () if state is ProposalState.PROPOSED else (signature,)
        yield replace(existing_proposal, state=state, proposed_by=proposer, signatures=signed)


def decided(proposal: Proposal, verb: ModeVerb, officer: Viewer) -> bool:
    """Return whether command accepts this officer's word about a proposal."""
    request = a_request(verb, officer.officer_id, officer.unit, officer.post)
    try:
        if verb is ModeVerb.APPROVE:
            sign(proposal, request, NOW)
        else:
            stop(proposal, ModeEvent(verb), request)
    except (IllegalModeStep, RefusedProposal):
        return False
    return True


@pytest.mark.parametrize("state", ProposalState)
def test_the_offers_about_a_mode_are_the_acts_that_command_accepts(
    state: ProposalState,
) -> None:
    possible = set()
    for proposal, officer in product(proposals(state), OFFICERS):
        row = {
            "unit": TOWN,
            "state": state,
            "proposed_by": proposal.proposed_by,
            "signatures": json.dumps([{"officer_id": name} for name in proposal.signatories]),
        }
        verbs = {verb for verb in mode_proposal.EVENTS if decided(proposal, verb, officer)}
        assert set(verbs_of(officer, row)) == verbs
        possible |= verbs
    assert possible == mode_proposal.VERBS[state]


# Duties to report, and pages.

COUNTS_FOR_NO_DUTY = {
    Means.PHONE: set(DutyState) - report_duty.PHONE_OWED,
    Means.WRITTEN: {DutyState.DONE, DutyState.ENDED},
}
"""Offered all the same: a report is taken of whoever may report, whether or not a duty waits for
it.
"""


@pytest.mark.parametrize("state", DutyState)
def test_a_report_that_a_duty_waits_for_is_offered_to_its_unit(state: DutyState) -> None:
    officer = with_usual_rights(Viewer("o-1", "测试", VILLAGE, Post.B))
    row, event = report_duty.TRANSITIONS[state].keys(), report_duty.ReportDutyTrigger
    counted = {
        Means.PHONE: bool(row & {event.PHONE}),
        Means.WRITTEN: bool(row & {event.WRITE, event.FINISH}),
    }
    for means in ways(officer, VILLAGE, TOWN, VILLAGE):
        assert counted.pop(means) is (state not in COUNTS_FOR_NO_DUTY[means])
    assert not any(counted.values()), "waited for and not offered"


ANSWERS = (AnswerVerb.COMING, AnswerVerb.CANNOT, AnswerVerb.HAND_OVER)
LATE_ANSWERS_NOT_OFFERED = {
    PageState.NO_ANSWER: "somebody else is being called; whoever still has the page may answer it",
    PageState.WITHDRAWN: "nothing is waited for; whoever still has the page may answer it",
    PageState.FAILED: "the channel lost it; whoever has the page all the same may answer it",
}
"""States that take an answer of a page that no list shows as open, and why."""


@pytest.mark.parametrize("state", PageState)
def test_a_page_is_listed_as_open_while_an_answer_is_taken_and_waited_for(
    state: PageState,
) -> None:
    for verb in AnswerVerb:
        try:
            page_step(state, EFFECTS[verb].page)
            possible = True
        except IllegalPageStep:
            possible = False
        assert possible is (verb in page.VERBS[state])
        if verb in ANSWERS:
            assert (state in page.WAITING) is (possible and state not in LATE_ANSWERS_NOT_OFFERED)
