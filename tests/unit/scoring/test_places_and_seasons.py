"""Rules over one sensor that hold in a place, a season or at hours of the day."""

from __future__ import annotations

from datetime import UTC, datetime
from math import pi, sin
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.core.state.stored_state import StoredState
from shared.contracts.fields import Position
from shared.contracts.geofences import Circle, Polygon
from shared.contracts.rules import (
    AbsenceRule,
    BaselineRule,
    RangeRule,
    RateRule,
    RuleDefinition,
    StuckRule,
    WindowRule,
)
from shared.contracts.seasons import HourSpan, SeasonSpan
from tests.support.scoring import T0, Feed, a_rule, a_sensor, a_threshold_rule, rungs

INSIDE, OUTSIDE = Position(lat=29.0, lon=105.85), Position(lat=29.5, lon=105.85)
NEAR = Circle(centre=INSIDE, radius_m=2_000)
SQUARE = Polygon(
    corners=tuple(
        Position(lat=lat, lon=lon)
        for lat, lon in ((28.9, 105.8), (28.9, 105.9), (29.1, 105.9), (29.1, 105.8))
    )
)
LIMIT = a_threshold_rule(("yellow", 212, 211))
# T0 is 19:25 in Shanghai.
NIGHT = (HourSpan(begin="20:00", end="06:00"),)
EVENING_S, MORNING_S = 35 * 60.0, (10 * 60 + 35) * 60.0


def a_night_rule(body: Any = LIMIT, rule_id: str = "night", **change: Any) -> RuleDefinition:
    return a_rule(body, rule_id, **{"hours": NIGHT, **change})


def two_places(rule: RuleDefinition) -> Feed:
    sensors = (
        a_sensor("here", position=INSIDE),
        a_sensor("there", position=OUTSIDE),
        a_sensor("nowhere"),
    )
    return Feed(rule, sensors=sensors)


@pytest.mark.parametrize("geofence", [NEAR, SQUARE])
def test_a_rule_holds_at_the_sensors_inside(geofence: Any) -> None:
    feed = two_places(a_rule(LIMIT, geofences=(geofence,)))
    for sensor in ("here", "there", "nowhere"):
        feed.read(213, 0, sensor_id=sensor)
    assert [alarm.sensor_id for alarm in feed.alarms] == ["here"]
    assert "仅适用于" in (feed.alarms[0].evidence.note or "")


def test_a_sensor_that_moves_out_has_its_alarm_cleared() -> None:
    feed = two_places(a_rule(LIMIT, geofences=(NEAR,)))
    feed.read(213, 0, sensor_id="here")
    feed.registry.add_sensor(a_sensor("here", position=OUTSIDE))
    feed.read(213, 60, sensor_id="here")
    assert feed.transitions == [("raised", "yellow"), ("cleared", "yellow")]


def test_a_rule_for_a_place_and_its_neighbour_share_nothing() -> None:
    feed = two_places(a_rule(LIMIT, "inside", geofences=(NEAR,)))
    strict = a_threshold_rule(("orange", 210, 209))
    feed.registry.add_rule(a_rule(strict, "everywhere"))
    feed.read(211, 0, sensor_id="there")
    feed.read(213, 0, sensor_id="here")
    named = [(alarm.sensor_id, alarm.rule_id) for alarm in feed.alarms]
    assert named == [("there", "everywhere"), ("here", "everywhere"), ("here", "inside")]


def test_an_alarm_is_raised_in_its_hours_and_ends_with_them() -> None:
    feed = Feed(a_night_rule())
    for seconds in (0, EVENING_S - 1, EVENING_S, MORNING_S - 1, MORNING_S):
        feed.read_fast(213, seconds)
    feed.read_fast(213, MORNING_S + 14 * 3600)
    assert feed.transitions == [("raised", "yellow"), ("cleared", "yellow"), ("raised", "yellow")]
    raised, cleared, second = feed.alarms
    assert raised.occurred_at.timestamp() == T0 + EVENING_S
    assert cleared.occurred_at.timestamp() == T0 + MORNING_S
    assert cleared.evidence.note == (
        "已出规则的季节或时段 ‖ outside the seasons or hours of the rule"
    )
    assert second.alarm_id != raised.alarm_id


def test_a_season_ends_an_alarm_as_well() -> None:
    feed = Feed(a_rule(LIMIT, seasons=(SeasonSpan(begin="05-01", end="08-19"),)))
    day = 86_400
    feed.read(213, 0)
    feed.read(213, day)
    assert feed.transitions == [("raised", "yellow"), ("cleared", "yellow")]


def test_a_wait_neither_begins_before_the_hours_nor_ends_after_them() -> None:
    feed = Feed(a_night_rule(a_threshold_rule(("yellow", 212, 211), for_s=1800)))
    feed.read(213, EVENING_S - 600)
    feed.read(213, EVENING_S + 60)
    feed.tick(EVENING_S + 1700)
    assert feed.transitions == []
    feed.tick(EVENING_S + 60 + 1801)
    assert feed.transitions == [("raised", "yellow")]
    late = Feed(a_night_rule(a_threshold_rule(("yellow", 212, 211), for_s=1800)))
    late.read(213, MORNING_S - 600)
    late.tick(MORNING_S + 3600)
    late.read(213, MORNING_S + 3700)
    assert late.transitions == []


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (WindowRule(aggregate="mean", window_s=600, rungs=rungs(("red", 10, 5))), (20, 20)),
        (RateRule(per_s=3600, rungs=rungs(("red", 10, 5))), (0, 500)),
    ],
)
def test_windows_and_rates_have_hours(body: Any, values: tuple[float, float]) -> None:
    feed = Feed(a_night_rule(body))
    feed.read_fast(values[0], EVENING_S - 120)
    feed.read_fast(values[1], EVENING_S - 60)
    assert feed.transitions == []
    feed.read_fast(values[0], EVENING_S)
    feed.read_fast(values[1], EVENING_S + 60)
    assert feed.transitions == [("raised", "red")]
    feed.read_fast(values[0], MORNING_S - 60)
    feed.read_fast(values[1], MORNING_S + 60)
    assert feed.transitions == [("raised", "red"), ("cleared", "red")]


@pytest.mark.parametrize("body", [AbsenceRule(), StuckRule(for_s=3600), RangeRule(low=0, high=1)])
def test_what_is_about_the_device_has_no_hours(body: Any) -> None:
    with pytest.raises(ValidationError, match=r"no seasons and no hours.*allowed in threshold"):
        a_night_rule(body)
    a_rule(body, geofences=(NEAR,))


def test_spans_that_cover_everything_are_refused() -> None:
    with pytest.raises(ValidationError, match="cover the complete day: leave them out"):
        a_rule(LIMIT, hours=(HourSpan(begin="08:00", end="08:00"),))
    with pytest.raises(ValidationError, match="seasons overlap"):
        a_rule(
            LIMIT,
            seasons=(
                SeasonSpan(begin="05-01", end="09-30"),
                SeasonSpan(begin="09-30", end="10-01"),
            ),
        )


def test_a_baseline_learns_always_and_alarms_in_its_hours() -> None:
    """The step is at 18:05 in Shanghai, before the hours of the first rule."""
    body = BaselineRule(rungs=rungs(("notice", 0.5, 0.4)))
    sensors = (a_sensor(interval_s=300.0),)
    night = Feed(a_night_rule(body), sensors=sensors)
    always = Feed(a_rule(body), sensors=sensors)
    for feed in (night, always):
        for number in range(2000):
            usual = 200 + sin(number / 288 * 2 * pi) + (number * 37 % 11) / 50
            feed.read(usual, number * 300)
        for number in range(2000, 2020):
            feed.read(215, number * 300)
    assert always.transitions[:1] == [("raised", "notice")]
    assert night.transitions == []


READINGS = st.lists(
    st.tuples(st.integers(60, 5400), st.sampled_from((200.0, 211.5, 212.5, 215.0))),
    min_size=1,
    max_size=40,
)
RULES = (
    a_night_rule(a_threshold_rule(("yellow", 212, 211), ("red", 214, 213)), "a"),
    a_night_rule(a_threshold_rule(("yellow", 211, 210), for_s=3600), "b"),
    a_night_rule(WindowRule(aggregate="max", window_s=7200, rungs=rungs(("red", 214, 213))), "c"),
    a_rule(
        RateRule(per_s=3600, rungs=rungs(("red", 3, 1))),
        "d",
        seasons=(SeasonSpan(begin="08-20", end="08-20"),),
    ),
)


@given(READINGS, st.integers(0, 39))
def test_fast_path_and_restart_change_nothing(
    readings: list[tuple[int, float]], restart: int
) -> None:
    slow, fast = Feed(*RULES), Feed(*RULES)
    seconds = 0
    for number, (gap, value) in enumerate(readings):
        seconds += gap
        slow.read(value, seconds)
        fast.read_fast(value, seconds)
        if number == restart:
            stored = [StoredState(state.dump()) for state in fast.engine.states.values()]
            messages = fast.engine.messages
            fast.engine = type(fast.engine)(fast.registry)
            fast.engine.messages.extend(messages)
            fast.engine.restore(stored)
    assert slow.alarms == fast.alarms
    spans = [alarm for alarm in slow.alarms if alarm.rule_id != "d"]
    for alarm in spans:
        hour = datetime.fromtimestamp(alarm.occurred_at.timestamp() + 8 * 3600, UTC).hour
        assert alarm.transition.value == "cleared" or hour >= 20 or hour < 6


@given(READINGS, st.data())
def test_late_readings_give_the_alarms_of_the_right_order(
    readings: list[tuple[int, float]], data: st.DataObject
) -> None:
    rule = RULES[0]
    seconds, ordered = 0, []
    for gap, value in readings:
        seconds += min(gap, 400)
        ordered.append((seconds + int(MORNING_S) - 1800, value))
    late = data.draw(st.integers(0, len(ordered) - 1))
    shuffled = [item for item in ordered if item != ordered[late]]
    place = min(len(shuffled), late + data.draw(st.integers(0, 5)))
    shuffled.insert(place, ordered[late])
    straight, turned = Feed(rule), Feed(rule)
    for at, value in ordered:
        straight.read(value, at)
    for at, value in shuffled:
        turned.read(value, at)

    def final(feed: Feed) -> Any:
        [state] = feed.engine.states.values()
        alarm = (state.alarms or {}).get("a")
        return None if alarm is None else alarm.level

    assert (final(straight) or -1) == (final(turned) or -1)
