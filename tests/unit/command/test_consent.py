"""Asking, suspending, extending, waiving: what the issuer's consent changes and what it needs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.states import IllegalStep, State
from services.command.core.assignments.steps import (
    StepOutcome,
    apply_step,
    reopen_assignment,
    resume_by_timer,
)
from services.command.core.commands.authority import refusal
from services.command.core.supervision.deadlines import (
    DeadlineTerms,
    NewTimer,
    TimerKind,
    deadlines,
    new_timers,
    void_timers,
)
from services.command.core.supervision.events import supervision_id
from services.command.core.supervision.firing import DueTimer, fire_assignment
from shared.contracts.assignments import PARTIES, REASONED, Party, Step
from shared.contracts.fields import Level, Post, ResponseMode, Tier
from shared.contracts.ids import assignment_id
from shared.domain.response_modes.effective import Effective
from tests.support.profiles import DEMO
from tests.unit.command.books import Books
from tests.unit.command.builders import (
    CITY,
    DISTRICT,
    NOW,
    TOWN,
    VILLAGE,
    a_command,
    after,
    an_act,
    an_assignment,
)

CLOCKS = DeadlineTerms(DEMO, Level.RED)
SIGNED = an_assignment(state=State.SIGNED, signed_at=NOW)
LADDER = ((VILLAGE, Post.B), (TOWN, Post.B))


def an_ask(step: Step, **more: Any) -> OfficerStep:
    return replace(an_act(step, "道路中断"), **more)


def took(
    assignment: Assignment, act: OfficerStep, now: datetime = NOW, within: datetime | None = None
) -> Assignment:
    outcome, changes = apply_step(
        assignment, act, assignment.attempt, now, profile=DEMO, level=Level.RED, within=within
    )
    assert outcome is StepOutcome.APPLIED
    return changes[-1][1]


def test_a_suspension_moves_both_clocks_by_its_length_and_gives_the_state_back() -> None:
    asleep = took(an_assignment(), an_ask(Step.SUSPEND, until=after(100)), after(4))
    assert (asleep.state, asleep.progress_state) == (State.SUSPENDED, State.DELIVERED)
    awake = took(asleep, an_ask(Step.RESUME), after(34))
    assert (awake.state, awake.suspended_s) == (State.DELIVERED, 30)
    assert (awake.sign_by, awake.finish_by) == (after(12 + 30), after(60 + 30))
    assert (awake.suspended_from, awake.suspended_at, awake.suspended_until) == (None,) * 3


@pytest.mark.parametrize("state", [State.SIGNED, State.ACCEPTED, State.HANDLING])
def test_a_suspension_gives_back_the_very_state(state: State) -> None:
    asleep = took(replace(SIGNED, state=state), an_ask(Step.SUSPEND, until=after(100)), after(20))
    awake = took(asleep, an_ask(Step.RESUME), after(30))
    assert awake.state is state
    # what has been signed was signed by then: only the running clock moves
    assert (awake.sign_by, awake.finish_by) == (after(12), after(70))


def test_a_deadline_that_had_passed_stays_passed() -> None:
    asleep = took(an_assignment(), an_ask(Step.SUSPEND, until=after(100)), after(15))
    awake = took(asleep, an_ask(Step.RESUME), after(40))
    assert (awake.sign_by, awake.finish_by) == (after(12), after(60 + 25))
    assert took(awake, an_act(Step.SIGN), after(41)).late

    over = took(SIGNED, an_ask(Step.SUSPEND, until=after(200)), after(70))
    assert took(over, an_ask(Step.RESUME), after(100)).finish_by == after(60)


def test_steps_during_a_suspension_wait_for_its_end() -> None:
    asleep = took(an_assignment(), an_ask(Step.SUSPEND, until=after(100)))
    _, ((_, assignment),) = apply_step(
        asleep, an_act(Step.REPORT), 1, NOW, profile=DEMO, level=Level.RED
    )
    _, ((_, assignment),) = apply_step(
        assignment, an_act(Step.SIGN), 1, NOW, profile=DEMO, level=Level.RED
    )
    assert assignment.state is State.SUSPENDED
    assert took(assignment, an_ask(Step.RESUME), after(5)).state is State.REPORTED


def test_the_timer_ends_a_suspension_that_nobody_ended() -> None:
    asleep = took(SIGNED, an_ask(Step.SUSPEND, until=after(30)), after(5))
    assert new_timers(SIGNED, asleep, DEMO) == [NewTimer("asg-1", TimerKind.RESUME, 0, after(30))]
    due = DueTimer(TimerKind.RESUME, 0, after(30))
    early = fire_assignment(asleep, [due], LADDER, DEMO, Level.RED, after(29))
    assert not early.resumed
    fired = fire_assignment(asleep, [due], LADDER, DEMO, Level.RED, after(31))
    ((act, awake),) = fired.resumed
    assert act is None
    assert (awake.state, awake.actor, awake.finish_by) == (State.SIGNED, None, after(60 + 26))
    assert resume_by_timer(asleep, after(31)) == fired.resumed
    assert not fire_assignment(awake, [due], LADDER, DEMO, Level.RED, after(32)).resumed


def test_an_extension_moves_the_end_and_keeps_the_first_deadline_for_evaluation() -> None:
    longer = took(SIGNED, an_ask(Step.EXTEND, until=after(300)), after(50))
    repeat = took(longer, an_ask(Step.EXTEND, until=after(900), number=2), after(60))
    assert (repeat.state, repeat.finish_by, repeat.extensions) == (State.SIGNED, after(900), 2)
    assert repeat.original_finish_by == after(60)
    assert TimerKind.FINISH_OVERDUE in void_timers(SIGNED, longer)
    (timer,) = new_timers(SIGNED, longer, DEMO)
    assert (timer.kind, timer.due_at) == (TimerKind.FINISH_DUE_SOON, after(50 + 250 * 0.8))
    assert not took(repeat, an_act(Step.REPORT), after(899)).late


def test_an_extension_ends_being_overdue_and_can_be_overdue_again() -> None:
    over = replace(SIGNED, finish_overdue=True)
    longer = took(over, an_ask(Step.EXTEND, until=after(300)), after(70))
    assert not longer.finish_overdue
    due = DueTimer(TimerKind.FINISH_OVERDUE, 0, after(300))
    first, second = (
        supervision_id(
            assignment,
            fire_assignment(assignment, [due], LADDER, DEMO, Level.RED, after(301)).calls[0],
        )
        for assignment in (SIGNED, longer)
    )
    assert first != second, "another event, or readers would apply_step it for a repeat"


def test_consent_may_leave_the_time_to_the_asker_and_answers_the_question() -> None:
    asking = took(SIGNED, an_ask(Step.ASK_EXTEND, until=after(200)))
    assert asking.pending_request is not None
    assert (asking.pending_request.step, asking.pending_request.text) == (
        Step.ASK_EXTEND,
        "道路中断",
    )
    assert (asking.state, asking.version) == (State.SIGNED, 2)
    granted = took(asking, an_ask(Step.EXTEND))
    assert (granted.finish_by, granted.pending_request) == (after(200), None)
    refused = took(asking, an_ask(Step.REFUSE))
    assert (refused.finish_by, refused.pending_request) == (after(60), None)
    with pytest.raises(IllegalStep, match="until when"):
        took(asking, an_ask(Step.SUSPEND))  # another thing was asked


def test_a_recurring_step_is_identified_by_its_number() -> None:
    asking = took(SIGNED, an_ask(Step.ASK_EXTEND, until=after(200), number=2))
    repeat = an_ask(Step.ASK_EXTEND, until=after(400), number=2, officer_id="other")
    outcome, changes = apply_step(asking, repeat, 1, NOW, profile=DEMO, level=Level.RED)
    assert (outcome, changes) == (StepOutcome.REPEATED, [])
    third = took(asking, replace(repeat, number=3))
    assert third.pending_request is not None
    assert third.pending_request.until == after(400)


FAR = after(60) + timedelta(seconds=DEMO.consent_s)
NEEDS: list[tuple[OfficerStep, str]] = [
    (an_ask(Step.ASK_EXTEND), "until when"),
    (an_ask(Step.ASK_SUSPEND), "until when"),
    (an_ask(Step.SUSPEND), "until when"),
    (an_ask(Step.SUSPEND, until=NOW), "not after"),
    (an_ask(Step.EXTEND, until=after(60)), "not after"),
    (an_ask(Step.EXTEND, until=FAR), "further"),
    (an_ask(Step.SUSPEND, until=FAR), "further"),
    (an_ask(Step.REFUSE), "nothing has been asked"),
    (an_ask(Step.RESUME), "not suspended"),
    (an_ask(Step.SPLIT), "names the units"),
    (an_ask(Step.REASSIGN), "one unit"),
]


@pytest.mark.parametrize(("act", "why"), NEEDS)
def test_what_a_step_needs(act: OfficerStep, why: str) -> None:
    with pytest.raises(IllegalStep, match=why):
        took(SIGNED, act)


def test_a_unit_gives_its_part_to_nobody_outside_the_unit_that_gave_it() -> None:
    """An officer of any unit above may reassign; the part stays below the splitting unit."""
    part = replace(SIGNED, splitting_unit=TOWN)
    elsewhere = an_ask(Step.REASSIGN, units=("500118001201",), officer_unit=DISTRICT)
    with pytest.raises(IllegalStep, match=f"below {TOWN}"):
        took(part, elsewhere)
    assert (
        took(SIGNED, elsewhere).state is State.REASSIGNED
    )  # the command's own: the officer's reach


@pytest.mark.parametrize("step", sorted(REASONED))
def test_steps_that_need_a_reason(step: Step) -> None:
    act = replace(an_ask(step, until=after(200), units=(TOWN,)), text=" ")
    with pytest.raises(IllegalStep, match="reason"):
        took(SIGNED, act)


def test_a_part_is_not_extended_beyond_its_whole_and_starts_inside_it() -> None:
    with pytest.raises(IllegalStep, match="after its whole"):
        took(SIGNED, an_ask(Step.EXTEND, until=after(300)), within=after(200))
    longer = took(SIGNED, an_ask(Step.EXTEND, until=after(200)), within=after(200))
    assert longer.finish_by == after(200)
    sign_by, finish_by = deadlines(DEMO, Level.RED, Tier.VILLAGE, NOW, within=after(30))
    assert (sign_by, finish_by) == (after(6), after(30))
    # what a plan sets may be shorter than the time to sign: nobody has to be finished before that
    assert deadlines(DEMO, Level.RED, Tier.VILLAGE, NOW, finish_within_s=5) == (
        after(12),
        after(12),
    )
    # late already: the part gets the profile's time, not a deadline in the past
    assert deadlines(DEMO, Level.RED, Tier.VILLAGE, NOW, within=after(-5)) == (after(12), after(60))
    assert deadlines(DEMO, Level.RED, Tier.VILLAGE, NOW, within=after(500)) == (
        after(12),
        after(60),
    )


@pytest.mark.parametrize(
    ("step", "repeat"),
    [
        (Step.WAIVE, StepOutcome.REPEATED),
        (Step.RECALL, StepOutcome.REPEATED),
        # to whom it was given is decided: the second may mean another unit and is kept
        (Step.REASSIGN, StepOutcome.LATE),
    ],
)
def test_what_ends_it_ends_it_once(step: Step, repeat: StepOutcome) -> None:
    act = an_ask(step, units=(VILLAGE[:9] + "299",), officer_unit=TOWN)
    ended = took(SIGNED, act)
    assert apply_step(ended, act, 1, NOW, profile=DEMO, level=Level.RED) == (repeat, [])
    other_step = Step.RECALL if step is Step.WAIVE else Step.WAIVE
    late, changes = apply_step(ended, an_ask(other_step), 1, NOW, profile=DEMO, level=Level.RED)
    assert (late, changes) == (StepOutcome.LATE, [])


def test_the_splitting_unit_gets_a_record_when_its_parts_are_signed_and_when_they_are_done() -> (
    None
):
    books = Books()
    parent = assignment_id("cmd-1", TOWN)
    versions = []
    books.send(TOWN, Step.SIGN, 1)
    books.send(TOWN, Step.SPLIT, 1, units=(VILLAGE,))
    for step in (Step.SIGN, Step.HANDLE, Step.REPORT, Step.CHECK, Step.CLOSE):
        before = books.rows[parent].version
        books.send(VILLAGE, step, 1)
        versions.append(books.rows[parent].version - before)
    assert versions == [1, 0, 0, 0, 1]


@pytest.mark.parametrize("state", [State.DONE, State.RETURNED])
def test_a_case_that_comes_back_begins_a_new_attempt(state: State) -> None:
    where_from = {"parent_assignment_id": "asg-0", "splitting_unit": TOWN, "brief": 2}
    old = an_assignment(
        state=state,
        version=7,
        changed_at=after(90),
        signed_at=NOW,
        reported_at=NOW,
        done_at=NOW,
        late=True,
        sign_overdue=True,
        finish_overdue=True,
        calls=4,
        recurrences=((Step.EXTEND, 3),),
        suspended_s=9.0,
        extensions=3,
        original_finish_by=NOW,
        finish_by=after(400),
        actor="officer-1",
        **where_from,
    )
    mode = Effective(ResponseMode.STANDBY, 4, DISTRICT)  # three quarters of the profile's times
    clocks = DeadlineTerms(DEMO, Level.RED, mode)
    repeat = reopen_assignment(old, "officer-9", "又漏了", after(500), clocks)
    assert repeat == an_assignment(
        version=8,
        attempt=2,
        changed_at=after(500),
        sign_by=after(500 + 9),
        finish_by=after(500 + 45),
        actor="officer-9",
        reason="又漏了",
        mode=ResponseMode.STANDBY,
        mode_version=4,
        mode_unit=DISTRICT,
        limits_id=DEMO.limits_id,
        limits_version=DEMO.limits_version,
        **where_from,
    )
    with pytest.raises(IllegalStep):
        reopen_assignment(SIGNED, None, "", NOW, CLOCKS)
    with pytest.raises(IllegalStep, match="99 times"):
        reopen_assignment(replace(old, attempt=99), None, "", NOW, CLOCKS)


@pytest.mark.parametrize("step", sorted(Step))
def test_whose_step_it_is(step: Step) -> None:
    """A village's part of what the city gave to the town."""
    part = an_assignment(splitting_unit=TOWN, release_unit=CITY)
    units = (VILLAGE, TOWN, DISTRICT, CITY, "500118001000")
    allowed = {u for u in units if refusal(step, u, part, a_command(issuer_unit=CITY)) is None}
    above = {TOWN, DISTRICT, CITY}
    assert (
        allowed
        == {
            Party.RECIPIENT: {VILLAGE},
            Party.ISSUER: above,
            Party.EITHER: {VILLAGE} | above,
            Party.RELEASER: {CITY},
        }[PARTIES[step]]
    )
