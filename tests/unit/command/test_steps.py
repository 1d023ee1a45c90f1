"""One step at a time: its effect, its repeat, its refusal."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations

import pytest
from msgspec.structs import replace

from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.states import CHAIN, AssignmentTrigger, IllegalStep, State
from services.command.core.assignments.steps import StepOutcome, apply_step, end_assignment
from shared.contracts.assignments import Step
from shared.contracts.fields import Level
from tests.support.profiles import DEMO
from tests.unit.command.builders import NOW, after, an_act, an_assignment


def took(
    assignment: Assignment,
    act: OfficerStep,
    attempt: int = 1,
    now: datetime = NOW,
    *,
    command_open: bool = True,
) -> tuple[StepOutcome, Assignment]:
    outcome, changes = apply_step(
        assignment, act, attempt, now, profile=DEMO, level=Level.RED, command_open=command_open
    )
    return outcome, changes[-1][1] if changes else assignment


def walked(*steps: Step) -> Assignment:
    assignment = an_assignment()
    for step in steps:
        _, assignment = took(assignment, an_act(step))
    return assignment


def test_the_whole_way_from_delivery_to_done() -> None:
    closed = walked(Step.SIGN, Step.ACCEPT, Step.HANDLE, Step.REPORT, Step.CHECK, Step.CLOSE)
    assert closed.state is State.DONE
    assert closed.version == 7
    assert closed.signed_at == closed.reported_at == closed.done_at == NOW
    assert not closed.late


def test_a_unit_may_report_straight_after_signing() -> None:
    assert walked(Step.SIGN, Step.REPORT).state is State.REPORTED


@pytest.mark.parametrize("order", list(permutations(CHAIN)))
def test_any_order_of_the_chain_ends_alike(order: tuple[Step, ...]) -> None:
    assignment = walked(*order)
    assert assignment.state is State.REPORTED
    assert not assignment.waiting_steps


def test_a_step_that_waited_is_published_with_its_own_officer() -> None:
    early = replace(an_act(Step.REPORT), officer_id="early", record_id="ack-early")
    outcome, assignment = took(an_assignment(), early)
    assert outcome is StepOutcome.WAITING
    assert assignment.state is State.DELIVERED
    assert assignment.version == 1
    _, changes = apply_step(assignment, an_act(Step.SIGN), 1, NOW, profile=DEMO, level=Level.RED)
    assert [(act.record_id, change.state, change.actor) for act, change in changes] == [
        ("ack-sign", State.SIGNED, "officer-1"),
        ("ack-early", State.REPORTED, "early"),
    ]
    assert [change.version for _, change in changes] == [2, 3]


@pytest.mark.parametrize(
    "steps",
    [(Step.SIGN,), (Step.SIGN, Step.ACCEPT), (Step.SIGN, Step.REPORT), (Step.REPORT,)],
)
def test_a_repeat_changes_nothing(steps: tuple[Step, ...]) -> None:
    assignment = walked(*steps)
    for step in steps:
        assert took(assignment, an_act(step)) == (StepOutcome.REPEATED, assignment)


def test_signing_at_the_deadline_is_late_and_before_it_is_not() -> None:
    assert not took(an_assignment(), an_act(Step.SIGN), now=after(11.999))[1].late
    assert took(an_assignment(), an_act(Step.SIGN), now=after(12))[1].late


def test_reporting_at_the_end_is_late_and_before_it_is_not() -> None:
    signed = walked(Step.SIGN)
    assert not took(signed, an_act(Step.REPORT), now=after(59.999))[1].late
    assert took(signed, an_act(Step.REPORT), now=after(60))[1].late


def test_a_step_never_comes_before_the_change_it_found() -> None:
    # its transaction began at 11.9 s but got the lock only after the timer had fired at 12.1 s
    fired = an_assignment(changed_at=after(12.1), sign_overdue=True)
    _, signed = took(fired, an_act(Step.SIGN), now=after(11.9))
    assert signed.signed_at == after(12.1)
    assert signed.late
    assert not signed.sign_overdue


def test_a_step_counts_from_its_acceptance_however_long_it_lay_unread() -> None:
    def read_later(assignment: Assignment, step: Step, accepted_s: float) -> Assignment:
        outcome, changes = apply_step(
            assignment,
            an_act(step),
            1,
            after(1_200),
            profile=DEMO,
            level=Level.RED,
            acted_at=after(accepted_s),
        )
        assert outcome is StepOutcome.APPLIED
        return changes[-1][1]

    called = an_assignment(changed_at=after(1_100), sign_overdue=True)
    signed = read_later(called, Step.SIGN, 11.9)
    assert (signed.signed_at, signed.late, signed.sign_overdue) == (after(11.9), False, False)
    assert signed.changed_at == after(1_100), "no change claims a time before an earlier one"
    assert not read_later(signed, Step.REPORT, 59.9).late
    assert read_later(signed, Step.REPORT, 60).late
    assert read_later(an_assignment(), Step.SIGN, 12).late


def test_a_return_needs_a_reason_and_ends_both_clocks() -> None:
    with pytest.raises(IllegalStep, match="reason"):
        took(an_assignment(), an_act(Step.RETURN, "  "))
    _, returned = took(an_assignment(), an_act(Step.RETURN, "不属本村"))
    assert returned.state is State.RETURNED
    assert returned.reason == "不属本村"


def test_of_a_return_and_a_report_the_first_holds() -> None:
    with pytest.raises(IllegalStep):
        took(walked(Step.SIGN, Step.REPORT), an_act(Step.RETURN, "no"))
    _, returned = took(walked(Step.SIGN), an_act(Step.RETURN, "no"))
    assert took(returned, an_act(Step.REPORT)) == (StepOutcome.LATE, returned)


def test_sending_back_begins_a_new_attempt_with_fresh_deadlines() -> None:
    reported = walked(Step.SIGN, Step.REPORT)
    _, new_attempt = took(reported, an_act(Step.SEND_BACK), now=after(30))
    assert (new_attempt.state, new_attempt.attempt) == (State.DELIVERED, 2)
    assert (new_attempt.sign_by, new_attempt.finish_by) == (after(42), after(90))
    assert new_attempt.signed_at is None
    assert took(new_attempt, an_act(Step.SEND_BACK), attempt=1) == (
        StepOutcome.REPEATED,
        new_attempt,
    )
    assert took(new_attempt, an_act(Step.SIGN), attempt=1) == (StepOutcome.LATE, new_attempt)
    assert took(new_attempt, an_act(Step.SIGN), attempt=2)[1].state is State.SIGNED
    # of what is older than the last attempt nothing is a repeat: it is kept
    third = replace(new_attempt, attempt=3)
    assert took(third, an_act(Step.SEND_BACK), attempt=1) == (StepOutcome.LATE, third)


def test_what_comes_after_the_end_is_late_and_changes_nothing() -> None:
    closed = walked(Step.SIGN, Step.REPORT, Step.CHECK, Step.CLOSE)
    assert took(closed, an_act(Step.SIGN)) == (StepOutcome.REPEATED, closed)
    assert took(closed, an_act(Step.SEND_BACK)) == (StepOutcome.LATE, closed)
    withdrawn = end_assignment(
        an_assignment(), AssignmentTrigger.RECALL, "officer-9", "演练结束", NOW
    )
    assert withdrawn.state is State.RECALLED
    assert took(withdrawn, an_act(Step.SIGN)) == (StepOutcome.LATE, withdrawn)
    open_one = an_assignment()
    assert took(open_one, an_act(Step.SIGN), command_open=False) == (StepOutcome.LATE, open_one)


def test_steps_that_are_not_possible_are_refused() -> None:
    refused = [
        (an_assignment(), Step.CHECK),
        (an_assignment(), Step.SEND_BACK),
        (walked(Step.SIGN), Step.CLOSE),
        (walked(Step.SIGN, Step.REPORT), Step.CLOSE),
    ]
    for assignment, step in refused:
        with pytest.raises(IllegalStep):
            took(assignment, an_act(step))
    with pytest.raises(IllegalStep, match="attempt 2"):
        took(an_assignment(), an_act(Step.SIGN), attempt=2)
