"""The escalation_chain and what a firing means: whom it calls, when the next one is due."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.states import State
from services.command.core.assignments.steps import StepOutcome, apply_step
from services.command.core.supervision.deadlines import (
    FINISH_TIMERS,
    SIGN_TIMERS,
    NewTimer,
    TimerKind,
    first_timers,
    new_timers,
)
from services.command.core.supervision.events import supervision_event
from services.command.core.supervision.firing import (
    AssignmentFiring,
    DueTimer,
    fire_assignment,
    late_by,
)
from services.command.core.supervision.profiles import SlaProfile
from shared.contracts.assignments import Step
from shared.contracts.fields import Level, Post, Tier
from shared.contracts.supervision import SupervisionKind as Kind
from shared.domain.roster.escalation_chain import FilledPosts, escalation_chain
from tests.component.command.harness import slot
from tests.support.profiles import DEMO, STANDARD
from tests.unit.command.builders import (
    CITY,
    DISTRICT,
    GRID,
    MICROGRID,
    NOW,
    TOWN,
    VILLAGE,
    a_command,
    after,
    an_assignment,
)

FULL = [
    (VILLAGE, Post.B),
    (VILLAGE, Post.A),
    (VILLAGE, Post.COMMANDER),
    (TOWN, Post.B),
    (DISTRICT, Post.B),
    (CITY, Post.B),
]


def roster(*slots: tuple[str, Post]) -> FilledPosts:
    posts = FilledPosts()
    for unit, post in slots:
        posts.update(slot(unit, post))
    return posts


def fired(
    assignment: Assignment, kind: TimerKind, rung: int, due: float, now: float
) -> AssignmentFiring:
    timer = DueTimer(kind, rung, after(due))
    return fire_assignment(assignment, [timer], tuple(FULL), DEMO, Level.RED, after(now))


@pytest.mark.parametrize("unit", [VILLAGE, GRID, MICROGRID])
def test_the_ladder_climbs_posts_then_tiers_and_starts_at_the_village(unit: str) -> None:
    assert list(escalation_chain(unit, roster(*FULL))) == FULL


def test_a_department_s_ladder_climbs_its_own_posts_then_its_unit() -> None:
    water = f"{DISTRICT}/water"
    slots = [(water, post) for post in Post] + [(DISTRICT, Post.B), (CITY, Post.B)]
    assert list(escalation_chain(water, roster(*FULL, *slots))) == slots


def test_empty_slots_are_skipped_at_once() -> None:
    assert escalation_chain(VILLAGE, roster((VILLAGE, Post.A), (CITY, Post.B))) == (
        (VILLAGE, Post.A),
        (CITY, Post.B),
    )
    emptied = roster(*FULL)
    assert escalation_chain(VILLAGE, emptied)[0] == (VILLAGE, Post.B)
    emptied.update(slot(VILLAGE).model_copy(update={"officer": None}))
    assert escalation_chain(VILLAGE, emptied)[0] == (VILLAGE, Post.A)
    emptied.update(slot(VILLAGE))
    assert escalation_chain(VILLAGE, emptied)[0] == (VILLAGE, Post.B)


def test_a_unit_above_is_called_by_the_first_of_its_posts_that_is_filled() -> None:
    """Somebody is there: the call does not go over the head of the whole unit."""
    assert escalation_chain(
        VILLAGE, roster((VILLAGE, Post.B), (TOWN, Post.A), (DISTRICT, Post.COMMANDER))
    ) == (
        (VILLAGE, Post.B),
        (TOWN, Post.A),
        (DISTRICT, Post.COMMANDER),
    )


def test_without_any_roster_there_is_still_somebody_to_name() -> None:
    assert escalation_chain(MICROGRID, roster()) == ((VILLAGE, Post.B),)


def test_due_soon_is_published_at_eighty_per_cent() -> None:
    timers = first_timers(an_assignment(), DEMO, NOW)
    assert NewTimer("asg-1", TimerKind.SIGN_DUE_SOON, 0, after(9.6)) in timers
    assert NewTimer("asg-1", TimerKind.SIGN_ESCALATE, 0, after(12)) in timers
    assert NewTimer("asg-1", TimerKind.FINISH_DUE_SOON, 0, after(48)) in timers
    firing = fired(an_assignment(), TimerKind.SIGN_DUE_SOON, 0, 9.6, 9.7)
    assert [call.kind for call in firing.calls] == [Kind.DUE_SOON]
    assert not firing.new_timers


def test_rung_0_is_overdue_and_a_reminder_to_the_own_unit() -> None:
    first = fired(an_assignment(), TimerKind.SIGN_ESCALATE, 0, 12, 12.2)
    assert [(call.kind, call.rung, call.target) for call in first.calls] == [
        (Kind.OVERDUE, 0, FULL[0]),
        (Kind.REMINDED, 0, FULL[0]),
    ]
    assert all(call.late_by_s == 0 for call in first.calls)
    assert first.assignment.sign_overdue
    assert first.new_timers == [NewTimer("asg-1", TimerKind.SIGN_ESCALATE, 1, after(18.2))]


def test_the_whole_ladder_then_rounds_then_a_slow_pace_for_ever() -> None:
    assignment, now = an_assignment(), 12.0
    timer = NewTimer("asg-1", TimerKind.SIGN_ESCALATE, 0, after(12))
    calls, pauses = [], []
    for _ in range(14):
        result = fired(assignment, timer.kind, timer.rung, now, now)
        (timer,) = result.new_timers
        calls += [(call.kind, call.rung, call.target) for call in result.calls]
        pauses.append((timer.due_at - after(now)).total_seconds())
        assignment, now = result.assignment, (timer.due_at - NOW).total_seconds()
    assert calls[:2] == [(Kind.OVERDUE, 0, FULL[0]), (Kind.REMINDED, 0, FULL[0])]
    assert calls[2:7] == [(Kind.ESCALATED, rung, FULL[rung]) for rung in range(1, 6)]
    assert set(calls[7:]) == {(Kind.ESCALATED, 5, FULL[5])}
    assert pauses == [6.0] * 8 + [60.0] * 6


def test_every_firing_has_an_id_of_its_own() -> None:
    assignment, timer, ids = an_assignment(), NewTimer("a", TimerKind.SIGN_ESCALATE, 0, NOW), []
    for number in range(30):
        now = 12 + 6 * number
        # the roster shrinks and grows between the firings
        result = fire_assignment(
            assignment,
            [DueTimer(timer.kind, timer.rung, after(now))],
            tuple(FULL[: 2 + number % 5]),
            DEMO,
            Level.RED,
            after(now),
        )
        (timer,) = result.new_timers
        ids += [supervision_event(a_command(), assignment, call, NOW).id for call in result.calls]
        assignment = result.assignment
    assert len(ids) == len(set(ids)) == 31


def test_after_an_outage_one_call_at_the_rung_that_should_be_active() -> None:
    late = fired(an_assignment(), TimerKind.SIGN_ESCALATE, 0, 12, 12 + 20)
    overdue, call = late.calls
    assert (overdue.kind, overdue.late_by_s) == (Kind.OVERDUE, 20)
    assert (call.kind, call.rung, call.target, call.late_by_s) == (
        Kind.ESCALATED,
        3,
        FULL[3],
        20,
    )
    assert call.skipped == (0, 1, 2)
    assert late.new_timers == [NewTimer("asg-1", TimerKind.SIGN_ESCALATE, 4, after(38))]
    event = supervision_event(a_command(), an_assignment(), call, NOW)
    assert event.references[1:] == ("skipped-rung:0", "skipped-rung:1", "skipped-rung:2")
    longest = fired(an_assignment(), TimerKind.SIGN_ESCALATE, 0, 12, 12 + 9_999)
    assert longest.calls[-1].rung == 5


def test_a_timer_is_late_from_a_second_on() -> None:
    assert [late_by(NOW, after(s)) for s in (0, 0.999, 1, 90)] == [0, 0, 1, 90]


def test_due_soon_is_not_published_when_it_is_over_already() -> None:
    assert not fired(an_assignment(), TimerKind.SIGN_DUE_SOON, 0, 9.6, 13).calls


def test_the_finishing_clock_tells_due_soon_then_overdue_once() -> None:
    signed = an_assignment(state=State.SIGNED)
    soon = fired(signed, TimerKind.FINISH_DUE_SOON, 0, 48, 48)
    assert [(call.kind, call.clock) for call in soon.calls] == [(Kind.DUE_SOON, "finish")]
    assert soon.new_timers == [NewTimer("asg-1", TimerKind.FINISH_OVERDUE, 0, after(60))]
    over = fired(signed, TimerKind.FINISH_OVERDUE, 0, 60, 60)
    assert [(call.kind, call.clock, call.target) for call in over.calls] == [
        (Kind.OVERDUE, "finish", FULL[0]),
        (Kind.REMINDED, "finish", FULL[0]),
    ]
    assert over.assignment.finish_overdue
    assert over.new_timers == [NewTimer("asg-1", TimerKind.FINISH_OVERDUE, 1, after(66))]


def test_what_is_not_finished_climbs_the_ladder_for_as_long_as_nobody_reports() -> None:
    assignment, calls, pauses, now = an_assignment(state=State.HANDLING), [], [], 60.0
    timer = NewTimer("asg-1", TimerKind.FINISH_OVERDUE, 0, after(now))
    for _ in range(10):
        result = fired(assignment, timer.kind, timer.rung, now, now)
        (timer,) = result.new_timers
        calls += [(call.kind, call.clock, call.rung, call.target) for call in result.calls]
        pauses.append((timer.due_at - after(now)).total_seconds())
        assignment, now = result.assignment, (timer.due_at - NOW).total_seconds()
    assert calls[:2] == [
        (Kind.OVERDUE, "finish", 0, FULL[0]),
        (Kind.REMINDED, "finish", 0, FULL[0]),
    ]
    assert calls[2:7] == [(Kind.ESCALATED, "finish", rung, FULL[rung]) for rung in range(1, 6)]
    assert set(calls[7:]) == {(Kind.ESCALATED, "finish", 5, FULL[5])}
    assert pauses == [6.0] * 8 + [60.0] * 2


def test_an_end_during_an_outage_is_published_once_at_the_present_rung() -> None:
    """Counted from the end itself, not from when it was due soon."""
    slept = fired(an_assignment(state=State.SIGNED), TimerKind.FINISH_DUE_SOON, 0, 48, 73)
    assert [(call.kind, call.rung, call.late_by_s, call.skipped) for call in slept.calls] == [
        (Kind.OVERDUE, 0, 13, ()),
        (Kind.ESCALATED, 2, 13, (0, 1)),
    ]
    assert slept.new_timers == [NewTimer("asg-1", TimerKind.FINISH_OVERDUE, 3, after(79))]


def test_who_has_not_signed_is_called_for_that_and_for_the_end_once_he_has() -> None:
    unsigned = replace(an_assignment(), sign_overdue=True, calls=12)
    over = fired(unsigned, TimerKind.FINISH_OVERDUE, 0, 60, 60)
    assert [(call.kind, call.clock) for call in over.calls] == [(Kind.OVERDUE, "finish")]
    assert not over.new_timers
    sign = OfficerStep(Step.SIGN, "ack-1", "o-1", VILLAGE, "", NOW)
    outcome, [(_, signed)] = apply_step(
        over.assignment, sign, 1, after(70), profile=DEMO, level=Level.RED
    )
    assert outcome is StepOutcome.APPLIED
    now_due = NewTimer("asg-1", TimerKind.FINISH_OVERDUE, 0, after(70))
    assert new_timers(over.assignment, signed, DEMO) == [now_due]
    called = fired(signed, TimerKind.FINISH_OVERDUE, 0, 70, 70)
    assert [(call.kind, call.clock, call.number) for call in called.calls] == [
        (Kind.REMINDED, "finish", 1)
    ]
    assert called.new_timers == [NewTimer("asg-1", TimerKind.FINISH_OVERDUE, 1, after(76))]


def test_an_extension_begins_the_finishing_clock_anew_with_ids_of_its_own() -> None:
    ids: list[str] = []
    row = an_assignment(state=State.SIGNED)
    for number in (1, 2, 3):
        end = (row.finish_by - NOW).total_seconds()
        for now in (end, end + 6):
            result = fired(row, TimerKind.FINISH_OVERDUE, int(now > end), now, now)
            ids += [supervision_event(a_command(), row, call, NOW).id for call in result.calls]
            row = result.assignment
        until = after(end + 30)
        longer = OfficerStep(Step.EXTEND, "ack-2", "o-1", DISTRICT, "", NOW, number, until)
        _, [(_, row)] = apply_step(row, longer, 1, after(end + 7), profile=DEMO, level=Level.RED)
        assert (row.calls, row.finish_overdue, row.finish_by) == (0, False, until)
    assert len(ids) == len(set(ids)) == 9


def test_an_extension_before_the_signature_repeats_no_id_of_the_signing_clock() -> None:
    unsigned = replace(an_assignment(), sign_overdue=True, calls=4)
    longer = OfficerStep(Step.EXTEND, "ack-2", "o-1", DISTRICT, "", NOW, until=after(90))
    _, [(_, row)] = apply_step(unsigned, longer, 1, after(20), profile=DEMO, level=Level.RED)
    assert row.calls == 4


@pytest.mark.parametrize("kind", SIGN_TIMERS)
def test_a_timer_whose_clock_has_stopped_means_nothing(kind: TimerKind) -> None:
    result = fired(an_assignment(state=State.SIGNED), kind, 0, 9.6, 10)
    assert not result.calls
    assert not result.new_timers


@pytest.mark.parametrize("kind", FINISH_TIMERS)
def test_nobody_is_called_about_what_has_been_reported(kind: TimerKind) -> None:
    result = fired(an_assignment(state=State.REPORTED), kind, 3, 60, 80)
    assert not result.calls
    assert not result.new_timers


@pytest.mark.parametrize("profile", [DEMO, STANDARD])
def test_profiles_give_every_level_and_tier_deadlines_in_order(profile: SlaProfile) -> None:
    for level in Level:
        assert profile.step_s[level] > 0
        for tier in Tier:
            assert 0 < profile.sign_s[level][tier] < profile.finish_s[level][tier]
