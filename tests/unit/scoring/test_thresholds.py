"""Thresholds: levels up and down, hysteresis, for-duration, count, and laws over random series."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.fields import LEVEL_ORDER, Level, Status
from tests.support.scoring import Direction, Feed, a_rule, a_threshold_rule, at

FLOOD = a_threshold_rule(("yellow", 212, 211.5), ("orange", 214, 213), ("red", 216, 215))
LOW = a_threshold_rule(("yellow", 195, 196), ("orange", 193, 194), direction="below")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([211.9], []),
        ([212], [("raised", "yellow")]),
        ([217], [("raised", "red")]),
        ([212, 211.5], [("raised", "yellow")]),
        ([212, 211.49], [("raised", "yellow"), ("cleared", "yellow")]),
        ([212, 214], [("raised", "yellow"), ("upgraded", "orange")]),
        ([214, 213], [("raised", "orange")]),
        ([214, 212.9], [("raised", "orange"), ("downgraded", "yellow")]),
        ([216, 211.6], [("raised", "red"), ("downgraded", "yellow")]),
        ([216, 200], [("raised", "red"), ("cleared", "red")]),
        ([212, 200, 212], [("raised", "yellow"), ("cleared", "yellow"), ("raised", "yellow")]),
    ],
)
def test_levels_of_a_flood(values: list[float], expected: list[tuple[str, str]]) -> None:
    feed = Feed(a_rule(FLOOD))
    for number, value in enumerate(values):
        feed.read(value, number * 60)
    assert feed.transitions == expected


def test_below_is_above_upside_down() -> None:
    feed = Feed(a_rule(LOW))
    for number, value in enumerate([195.1, 195, 193, 194.1, 196, 196.1]):
        feed.read(value, number * 60)
    assert feed.transitions == [
        ("raised", "yellow"),
        ("upgraded", "orange"),
        ("downgraded", "yellow"),
        ("cleared", "yellow"),
    ]


def test_one_alarm_many_versions_and_its_evidence() -> None:
    feed = Feed(a_rule(FLOOD))
    for number, value in enumerate([212.3, 214.68, 212.5, 200]):
        feed.read(value, number * 60)
    assert len({alarm.alarm_id for alarm in feed.alarms}) == 1
    assert [alarm.version for alarm in feed.alarms] == [1, 2, 3, 4]
    assert len({alarm.id for alarm in feed.alarms}) == 4
    up, down = feed.alarms[1], feed.alarms[2]
    assert up.references == (feed.alarms[0].id, "zhutuo-3:60")
    assert (up.previous_level, up.level) == (Level.YELLOW, Level.ORANGE)
    assert (up.evidence.value, up.evidence.limit, up.evidence.datum) == (214.68, 214, "吴淞")
    assert (down.evidence.value, down.evidence.limit) == (212.5, 213)
    assert up.occurred_at == at(60)
    assert [alarm.score for alarm in feed.alarms][3] == 0
    feed.read(212, 300)
    assert feed.alarms[-1].alarm_id != up.alarm_id


def test_a_drill_never_touches_the_real_thing() -> None:
    feed = Feed(a_rule(FLOOD))
    feed.read(213, 0)
    feed.read(217, 0, status=Status.EXERCISE, event_id="drill:1")
    feed.read(200, 60)
    assert [(alarm.status, alarm.transition.value, alarm.level.value) for alarm in feed.alarms] == [
        (Status.ACTUAL, "raised", "yellow"),
        (Status.EXERCISE, "raised", "red"),
        (Status.ACTUAL, "cleared", "yellow"),
    ]
    assert feed.alarms[0].alarm_id != feed.alarms[1].alarm_id


def test_for_duration_needs_the_value_to_hold() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211), for_s=120)))
    for seconds, value in [(0, 213), (60, 211.9), (70, 213), (130, 213), (189, 213)]:
        feed.read(value, seconds)
    assert feed.transitions == []
    feed.read(213, 190)
    assert feed.transitions == [("raised", "yellow")]
    assert feed.alarms[0].evidence.event_id == "zhutuo-3:190"


@pytest.mark.parametrize("ticks", [[100, 200], [120.5], [121, 122, 5000], [10_000]])
def test_for_duration_fires_on_a_tick_at_its_own_moment(ticks: list[float]) -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211), for_s=120)))
    feed.read(213, 0)
    feed.tick(120)  # says only that nothing older than 120 is still to come
    assert feed.transitions == []
    for seconds in ticks:
        feed.tick(seconds)
    assert feed.transitions == [("raised", "yellow")]
    assert feed.alarms[0].occurred_at == at(120)
    assert feed.alarms[0].evidence.event_id == "zhutuo-3:0"


def test_levels_that_ripen_one_after_the_other() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211), ("red", 216, 215), for_s=100)))
    feed.read(213, 0)
    feed.read(217, 50)
    feed.tick(1000)
    assert feed.transitions == [("raised", "yellow"), ("upgraded", "red")]
    assert [alarm.occurred_at for alarm in feed.alarms] == [at(100), at(150)]


def test_a_reading_after_the_duration_is_as_good_as_a_tick() -> None:
    with_tick, without = (
        Feed(a_rule(a_threshold_rule(("yellow", 212, 211), for_s=60))) for _ in "ab"
    )
    for feed in (with_tick, without):
        feed.read(213, 0)
        if feed is with_tick:
            feed.tick(61)
        feed.read(200, 300)
    assert with_tick.alarms == without.alarms
    assert with_tick.transitions == [("raised", "yellow"), ("cleared", "yellow")]


def test_count_means_in_a_row() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211), count=3)))
    for number, value in enumerate([213, 213, 200, 213, 213]):
        feed.read(value, number)
    assert feed.transitions == []
    feed.tick(1000)
    assert feed.transitions == []
    feed.read(213, 6)
    assert feed.transitions == [("raised", "yellow")]


values = st.lists(st.floats(205, 220, allow_nan=False), min_size=1, max_size=40)


@given(values, st.sampled_from(["above", "below"]))
def test_law_of_hysteresis(series: list[float], direction: Direction) -> None:
    """At any time the clear limit supports the level, and no higher level is reached."""
    above = [("yellow", 212.0, 211.5), ("orange", 214.0, 213.0), ("red", 216.0, 215.0)]
    below = [("yellow", 213.0, 213.5), ("orange", 211.0, 212.0), ("red", 209.0, 210.0)]
    steps = above if direction == "above" else below
    sign = 1 if direction == "above" else -1
    feed = Feed(a_rule(a_threshold_rule(*steps, direction=direction)))
    level: str | None = None
    for number, value in enumerate(series):
        emitted = len(feed.alarms)
        feed.read(value, number)
        for event in feed.alarms[emitted:]:
            assert event.previous_level == (Level(level) if level else None)
            level = None if event.transition.value == "cleared" else event.level.value
        assert len(feed.alarms) - emitted <= 1
        rank = LEVEL_ORDER[Level(level)] if level else -1
        for name, up, down in steps:
            if LEVEL_ORDER[Level(name)] > rank:
                assert value * sign < up * sign
            if name == level:
                assert value * sign >= down * sign
    versions: dict[str, int] = {}
    for event in feed.alarms:
        assert event.version == versions.get(event.alarm_id, 0) + 1
        versions[event.alarm_id] = event.version


@given(values, st.integers(1, 4), st.sampled_from([0.0, 1.5, 3.0]), st.sets(st.integers(0, 60)))
def test_when_ticks_come_does_not_matter(
    series: list[float], count: int, for_s: float, ticks: set[int]
) -> None:
    """A tick that says no more than the readings before it leaves the outcome as it is."""
    rule = a_rule(
        a_threshold_rule(("yellow", 212, 211.5), ("red", 216, 215), for_s=for_s, count=count)
    )
    often, seldom = Feed(rule), Feed(rule)
    for number, value in enumerate(series):
        often.read(value, number * 2)
        seldom.read(value, number * 2)
        if number in ticks:
            often.tick(number * 2 + 1.9)
    for feed in (often, seldom):
        feed.tick(10_000)
    assert often.alarms == seldom.alarms
