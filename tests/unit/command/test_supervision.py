"""The ladder and what a firing means: whom it calls, when the next one is due."""

from __future__ import annotations

import pytest

from services.command.core.deadlines import SIGN_TIMERS, Arm, TimerKind, first_timers
from services.command.core.escalation import Roster, ladder
from services.command.core.model import Assignment
from services.command.core.profiles import PROFILES, ProfileName
from services.command.core.records import supervision_event
from services.command.core.states import State
from services.command.core.supervision import Due, Firing, fire
from shared.contracts.commands import SupervisionKind as Kind
from shared.contracts.fields import Level, Post, Tier
from tests.component.command.harness import slot
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

DEMO = PROFILES[ProfileName.DEMO]
FULL = [
    (VILLAGE, Post.B),
    (VILLAGE, Post.A),
    (VILLAGE, Post.COMMANDER),
    (TOWN, Post.B),
    (DISTRICT, Post.B),
    (CITY, Post.B),
]


def roster(*slots: tuple[str, Post]) -> Roster:
    made = Roster()
    for unit, post in slots:
        made.put(slot(unit, post))
    return made


def fired(assignment: Assignment, kind: TimerKind, rung: int, due: float, now: float) -> Firing:
    timer = Due(kind, rung, after(due))
    return fire(assignment, [timer], tuple(FULL), DEMO, Level.RED, after(now))


@pytest.mark.parametrize("unit", [VILLAGE, GRID, MICROGRID])
def test_the_ladder_climbs_posts_then_tiers_and_starts_at_the_village(unit: str) -> None:
    assert list(ladder(unit, roster(*FULL))) == FULL


def test_a_department_s_ladder_climbs_its_own_posts_then_its_unit() -> None:
    water = f"{DISTRICT}/water"
    slots = [(water, post) for post in Post] + [(DISTRICT, Post.B), (CITY, Post.B)]
    assert list(ladder(water, roster(*FULL, *slots))) == slots


def test_empty_slots_are_skipped_at_once() -> None:
    assert ladder(VILLAGE, roster((VILLAGE, Post.A), (CITY, Post.B))) == (
        (VILLAGE, Post.A),
        (CITY, Post.B),
    )
    emptied = roster(*FULL)
    emptied.put(slot(VILLAGE).model_copy(update={"officer": None}))
    assert ladder(VILLAGE, emptied)[0] == (VILLAGE, Post.A)


def test_without_any_roster_there_is_still_somebody_to_name() -> None:
    assert ladder(MICROGRID, roster()) == ((VILLAGE, Post.B),)


def test_due_soon_is_told_at_eighty_per_cent() -> None:
    timers = first_timers(an_assignment(), DEMO, NOW)
    assert Arm("asg-1", TimerKind.SIGN_DUE_SOON, 0, after(9.6)) in timers
    assert Arm("asg-1", TimerKind.SIGN_ESCALATE, 0, after(12)) in timers
    assert Arm("asg-1", TimerKind.FINISH_DUE_SOON, 0, after(48)) in timers
    told = fired(an_assignment(), TimerKind.SIGN_DUE_SOON, 0, 9.6, 9.7)
    assert [call.kind for call in told.calls] == [Kind.DUE_SOON]
    assert not told.arm


def test_rung_0_is_overdue_and_a_reminder_to_the_own_unit() -> None:
    first = fired(an_assignment(), TimerKind.SIGN_ESCALATE, 0, 12, 12.2)
    assert [(call.kind, call.rung, call.target) for call in first.calls] == [
        (Kind.OVERDUE, 0, FULL[0]),
        (Kind.REMINDED, 0, FULL[0]),
    ]
    assert all(call.late_by_s == 0 for call in first.calls)
    assert first.assignment.sign_overdue
    assert first.arm == [Arm("asg-1", TimerKind.SIGN_ESCALATE, 1, after(18.2))]


def test_the_whole_ladder_then_rounds_then_a_slow_pace_for_ever() -> None:
    assignment, now = an_assignment(), 12.0
    timer = Arm("asg-1", TimerKind.SIGN_ESCALATE, 0, after(12))
    told, pauses = [], []
    for _ in range(14):
        result = fired(assignment, timer.kind, timer.rung, now, now)
        (timer,) = result.arm
        told += [(call.kind, call.rung, call.target) for call in result.calls]
        pauses.append((timer.due_at - after(now)).total_seconds())
        assignment, now = result.assignment, (timer.due_at - NOW).total_seconds()
    assert told[:2] == [(Kind.OVERDUE, 0, FULL[0]), (Kind.REMINDED, 0, FULL[0])]
    assert told[2:7] == [(Kind.ESCALATED, rung, FULL[rung]) for rung in range(1, 6)]
    assert set(told[7:]) == {(Kind.ESCALATED, 5, FULL[5])}
    assert pauses == [6.0] * 8 + [60.0] * 6


def test_every_firing_has_an_id_of_its_own() -> None:
    assignment, timer, ids = an_assignment(), Arm("a", TimerKind.SIGN_ESCALATE, 0, NOW), []
    for number in range(30):
        now = 12 + 6 * number
        # the roster shrinks and grows between the firings
        result = fire(
            assignment,
            [Due(timer.kind, timer.rung, after(now))],
            tuple(FULL[: 2 + number % 5]),
            DEMO,
            Level.RED,
            after(now),
        )
        (timer,) = result.arm
        ids += [supervision_event(a_command(), assignment, one, NOW).id for one in result.calls]
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
    assert late.arm == [Arm("asg-1", TimerKind.SIGN_ESCALATE, 4, after(38))]
    event = supervision_event(a_command(), an_assignment(), call, NOW)
    assert event.references[1:] == ("skipped-rung:0", "skipped-rung:1", "skipped-rung:2")
    longest = fired(an_assignment(), TimerKind.SIGN_ESCALATE, 0, 12, 12 + 9_999)
    assert longest.calls[-1].rung == 5


def test_due_soon_is_not_told_when_it_is_over_already() -> None:
    assert not fired(an_assignment(), TimerKind.SIGN_DUE_SOON, 0, 9.6, 13).calls


def test_the_finishing_clock_tells_due_soon_then_overdue_once() -> None:
    signed = an_assignment(state=State.SIGNED)
    soon = fired(signed, TimerKind.FINISH_DUE_SOON, 0, 48, 48)
    assert [(call.kind, call.clock) for call in soon.calls] == [(Kind.DUE_SOON, "finish")]
    assert soon.arm == [Arm("asg-1", TimerKind.FINISH_OVERDUE, 0, after(60))]
    over = fired(signed, TimerKind.FINISH_OVERDUE, 0, 60, 60)
    assert [(call.kind, call.clock) for call in over.calls] == [(Kind.OVERDUE, "finish")]
    assert over.assignment.finish_overdue
    assert not over.arm
    slept = fired(signed, TimerKind.FINISH_DUE_SOON, 0, 48, 100)
    assert [(call.kind, call.late_by_s) for call in slept.calls] == [(Kind.OVERDUE, 40)]


@pytest.mark.parametrize("kind", SIGN_TIMERS)
def test_a_timer_whose_clock_has_stopped_means_nothing(kind: TimerKind) -> None:
    result = fired(an_assignment(state=State.SIGNED), kind, 0, 9.6, 10)
    assert not result.calls
    assert not result.arm


@pytest.mark.parametrize("name", ProfileName)
def test_profiles_give_every_level_and_tier_deadlines_in_order(name: ProfileName) -> None:
    profile = PROFILES[name]
    for level in Level:
        assert profile.step_s[level] > 0
        for tier in Tier:
            assert 0 < profile.sign_s[level][tier] < profile.finish_s[level][tier]
