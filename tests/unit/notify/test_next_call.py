"""The order of calls: empty posts, timing; laws over any roster."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.core.escalation.next_call import (
    CallPosition,
    NextCall,
    calling_order,
    last_resort,
    next_call,
    opening,
)
from services.notify.core.escalation.profiles import PROFILES, TOP_ROUNDS, ProfileName, Timing
from shared.contracts.fields import Level, Post
from shared.contracts.units import lineage
from shared.domain.call_plans import SYSTEM
from shared.domain.roster.post_holders import PostHolder, Roster, first_unit
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    GRID,
    TOWN,
    UNITS,
    VILLAGE,
    a_slot,
    full_roster,
    name_of,
)

DEMO = PROFILES["demo"][Level.RED]
SLOTS = [(unit, post) for unit in UNITS for post in Post]


def climb(roster: Roster, start: str, timing: Timing, *, declined: bool = False) -> list[NextCall]:
    """Every call until the escalation is exhausted, when nobody answers."""
    holders = calling_order(roster, start)
    if not holders:
        return []
    calls = [opening(holders, start, holders[0], timing, 0)]
    while True:
        at = calls[-1]
        position = CallPosition(at.holder.unit, at.holder.post, at.escalation_level, at.round)
        call = next_call(holders, start, position, timing, declined=declined)
        if call is None:
            return calls
        calls.append(call)


def where(calls: list[NextCall]) -> list[tuple[str, Post, int, int]]:
    return [
        (call.holder.unit, call.holder.post, call.escalation_level, call.round) for call in calls
    ]


def test_a_full_roster_is_climbed_post_by_post_and_repeated_at_the_top() -> None:
    assert where(climb(full_roster(), VILLAGE, DEMO)) == [
        (VILLAGE, Post.B, 0, 1),
        (VILLAGE, Post.A, 1, 1),
        (VILLAGE, Post.COMMANDER, 2, 1),
        (TOWN, Post.B, 3, 1),
        (DISTRICT, Post.B, 4, 1),
        (CITY, Post.B, 5, 1),
        (CITY, Post.B, 5, 2),
        (CITY, Post.B, 5, 3),
    ]


@pytest.mark.parametrize(
    ("empty", "expected"),
    [
        ([(VILLAGE, Post.B)], (VILLAGE, Post.A)),
        ([(VILLAGE, Post.B), (VILLAGE, Post.A)], (VILLAGE, Post.COMMANDER)),
        ([(VILLAGE, post) for post in Post], (TOWN, Post.B)),
        ([*((VILLAGE, post) for post in Post), (TOWN, Post.B)], (TOWN, Post.A)),
        ([(unit, post) for unit in (VILLAGE, TOWN) for post in Post], (DISTRICT, Post.B)),
    ],
)
def test_empty_slots_are_skipped_at_once(
    empty: list[tuple[str, Post]], expected: tuple[str, Post]
) -> None:
    roster = full_roster()
    for unit, post in empty:
        roster.add(a_slot(unit, post))
    first = calling_order(roster, VILLAGE)[0]
    assert (first.unit, first.post) == expected


def test_an_officer_on_two_posts_of_a_unit_is_called_there_once() -> None:
    roster = full_roster()
    roster.add(a_slot(VILLAGE, Post.A, name_of(VILLAGE, Post.B)))
    assert [holder.post for holder in calling_order(roster, VILLAGE)[:2]] == [
        Post.B,
        Post.COMMANDER,
    ]


def test_red_follows_one_three_five() -> None:
    calls = climb(full_roster(), VILLAGE, PROFILES["standard"][Level.RED])
    starts, now = {}, 0.0
    for call in calls:
        starts[call.holder.unit, call.holder.post, call.round] = now / 60
        now += call.wait_s
    assert starts[VILLAGE, Post.B, 2] == 1, "the same officer again after one minute"
    assert starts[VILLAGE, Post.A, 1] == 3, "the next officer after three"
    assert starts[TOWN, Post.B, 1] == 5, "the upper tier after five"


@pytest.mark.parametrize(
    ("level", "minutes"), [(Level.RED, 5), (Level.ORANGE, 10), (Level.YELLOW, 15), (Level.BLUE, 30)]
)
def test_the_upper_tier_is_called_after_the_answer_time(level: Level, minutes: int) -> None:
    calls = climb(full_roster(), TOWN, PROFILES["standard"][level])
    own = [call.wait_s for call in calls if call.holder.unit == TOWN]
    assert sum(own) == minutes * 60


def test_the_demo_waits_six_seconds_for_every_call() -> None:
    assert {call.wait_s for call in climb(full_roster(), VILLAGE, DEMO)} == {6}


@pytest.mark.parametrize(
    ("place", "expected"), [(GRID, TOWN), (VILLAGE, TOWN), (TOWN, TOWN), (DISTRICT, DISTRICT)]
)
def test_calling_about_a_place_begins_at_its_town(place: str, expected: str) -> None:
    assert first_unit(full_roster(), place) == expected


def test_calling_about_a_place_begins_higher_where_nobody_is_rostered() -> None:
    assert first_unit(full_roster((CITY,)), VILLAGE) == CITY
    assert first_unit(Roster(), VILLAGE) == TOWN


def test_the_last_resort_is_the_citys_commander_or_the_next_best() -> None:
    roster = full_roster()
    assert last_resort(roster, VILLAGE) == roster.holder(CITY, Post.COMMANDER)
    roster.add(a_slot(CITY, Post.COMMANDER))
    assert last_resort(roster, VILLAGE) == roster.holder(CITY, Post.A)
    assert last_resort(Roster(), VILLAGE) is None


def test_an_escalation_that_does_not_climb_repeats_only_at_the_top() -> None:
    holders = calling_order(full_roster(), TOWN)
    at_town = CallPosition(TOWN, Post.B, 0, 1)
    assert next_call(holders, TOWN, at_town, DEMO, declined=False, climbs=False) is None
    onward = next_call(holders, TOWN, at_town, DEMO, declined=True, climbs=False)
    assert onward is not None
    assert onward.holder.post is Post.A
    at_city = CallPosition(CITY, Post.B, 4, 1)
    repeat = next_call(holders, TOWN, at_city, DEMO, declined=False, climbs=False)
    assert repeat is not None
    assert (repeat.holder.unit, repeat.round) == (CITY, 2)


rosters = st.dictionaries(
    st.sampled_from(SLOTS), st.sampled_from([f"officer-{n}" for n in range(5)])
).map(lambda filled: Roster(a_slot(*slot, officer) for slot, officer in filled.items()))
starts = st.sampled_from([*UNITS, GRID])
timings = st.sampled_from(
    [PROFILES[name][level] for name in ("demo", "standard") for level in Level]
)


@given(rosters, starts, timings, st.booleans())
def test_an_escalation_only_goes_up_and_ends_at_the_highest_rostered_unit(
    roster: Roster, start: str, timing: Timing, declined: bool
) -> None:
    calls = climb(roster, start, timing, declined=declined)
    rostered = [unit for unit in lineage(start) if roster.holders(unit)]
    assert bool(calls) == bool(rostered)
    if not calls:
        return
    assert calls[-1].holder.unit == rostered[-1], "always ends at the top"
    heights = [lineage(start).index(call.holder.unit) for call in calls]
    assert heights == sorted(heights)
    steps = [b.escalation_level - a.escalation_level for a, b in pairwise(calls)]
    assert set(steps) <= {0, 1}
    assert len({(call.escalation_level, call.round) for call in calls}) == len(calls), (
        "nobody twice in one round"
    )
    assert all(call.holder == roster.holder(call.holder.unit, call.holder.post) for call in calls)
    assert all(call.wait_s > 0 and call.round <= TOP_ROUNDS for call in calls)
    for unit in rostered:
        called = {c.holder.officer_id for c in calls if c.holder.unit == unit}
        assert called, "no rostered unit is passed over"
    by_rung: dict[int, set[PostHolder]] = {}
    for call in calls:
        by_rung.setdefault(call.escalation_level, set()).add(call.holder)
    assert all(len(holders) == 1 for holders in by_rung.values())


@given(rosters, starts)
def test_declining_is_never_answered_by_calling_the_same_post(roster: Roster, start: str) -> None:
    calls = climb(roster, start, DEMO, declined=True)
    assert len({(c.holder.unit, c.holder.post) for c in calls}) == len(calls)


def test_the_profiles_are_complete() -> None:
    names: tuple[ProfileName, ...] = ("standard", "demo")
    assert all(set(PROFILES[name]) == {*Level, SYSTEM} for name in names)
