"""The other kinds of rules: rate of change, stuck, out of range, baseline, candidates, backlogs."""

from __future__ import annotations

import math

import pytest

from services.scoring.core.alarms.emitter import ShadowDiffers
from services.scoring.core.partition_engine import ReadingOutcome
from services.scoring.core.refusals import RefusedInput
from shared.contracts.dead_letter import Reason
from shared.contracts.rules import (
    AbsenceRule,
    BaselineRule,
    RangeRule,
    RateRule,
    StuckRule,
    WindowRule,
)
from tests.support.scoring import (
    SENT,
    Feed,
    a_reading,
    a_rule,
    a_sensor,
    a_threshold_rule,
    at,
    rungs,
)

HOUR = 3600.0


def test_a_rate_is_of_two_readings_and_per_the_time_it_names() -> None:
    rule = a_rule(RateRule(per_s=HOUR, rungs=rungs(("yellow", 1.5, 0.5), ("red", 3, 2))))
    feed = Feed(rule)
    for seconds, value in [(0, 200), (600, 200.2), (1200, 200.5), (1800, 201.1), (2400, 201.1)]:
        feed.read(value, seconds)
    assert feed.transitions == [("raised", "yellow"), ("upgraded", "red"), ("cleared", "red")]
    assert feed.alarms[0].evidence.value == pytest.approx(1.8)
    assert feed.alarms[0].evidence.limit == 1.5


def test_falling_is_below_with_negative_limits() -> None:
    feed = Feed(a_rule(RateRule(direction="below", rungs=rungs(("yellow", -2, -1)))))
    for seconds, value in [(0, 200), (1, 198.5), (2, 196), (3, 195.5)]:
        feed.read(value, seconds)
    assert feed.transitions == [("raised", "yellow"), ("cleared", "yellow")]


def test_a_rate_over_a_gap_says_nothing() -> None:
    feed = Feed(a_rule(RateRule(gap_s=100, rungs=rungs(("yellow", 1, 0.5)))))
    feed.read(200, 0)
    feed.read(900, 101)
    assert feed.transitions == []
    feed.read(1100, 201)
    assert feed.transitions == [("raised", "yellow")]


def test_noise_over_a_moment_is_no_rush() -> None:
    feed = Feed(a_rule(RateRule(per_s=HOUR, least_gap_s=240, rungs=rungs(("yellow", 1.5, 0.5)))))
    for seconds, value in [(0, 200), (10, 200.1), (250, 200.1)]:
        feed.read_fast(value, seconds)
    assert feed.transitions == []
    feed.read_fast(200.4, 500)
    assert feed.transitions == [("raised", "yellow")]


def test_a_sensor_that_was_not_heard_was_not_stuck() -> None:
    feed = Feed(
        a_rule(StuckRule(for_s=3600), rule_id="stuck"), a_rule(AbsenceRule(), rule_id="silent")
    )
    feed.read_fast(200.0, 0)
    feed.read_fast(200.0, 9000)
    assert [sensor_health.state.value for sensor_health in feed.health] == ["silent", "online"]


def test_a_value_that_does_not_move_is_a_fault_of_the_sensor_and_no_alarm() -> None:
    feed = Feed(a_rule(StuckRule(for_s=300, tolerance=0.01, calm=(0.0,)), rule_id="stuck"))
    for number in range(7):
        feed.read_fast(200.0 + 0.001 * number, number * 60)
    assert feed.alarms == []
    assert [
        (sensor_health.state.value, sensor_health.fault, sensor_health.rule_id)
        for sensor_health in feed.health
    ] == [("faulty", "stuck", "stuck")]
    assert feed.health[0].occurred_at == at(300)
    feed.read_fast(201.0, 420)
    assert [sensor_health.state.value for sensor_health in feed.health] == ["faulty", "online"]
    for number in range(20):
        feed.read_fast(0.0, 480 + number * 60)
    assert len(feed.health) == 2, "no rain for days is no fault"


def test_a_value_out_of_range_is_no_measurement() -> None:
    feed = Feed(
        a_rule(RangeRule(low=190, high=230), rule_id="range"),
        a_rule(a_threshold_rule(("red", 216, 215))),
        a_rule(
            WindowRule(aggregate="max", window_s=600, rungs=rungs(("red", 216, 215))),
            rule_id="max",
        ),
    )
    feed.read(200, 0)
    feed.read(9999, 60)
    feed.read(-9999, 120)
    assert feed.alarms == []
    assert [(sensor_health.state.value, sensor_health.fault) for sensor_health in feed.health] == [
        ("faulty", "out_of_range")
    ]
    feed.read(201, 180)
    assert feed.health[-1].state.value == "online"
    assert feed.health[-1].fault is None
    assert feed.read(9999, 240, event_id="x") is ReadingOutcome.SCORED
    assert feed.read(9999, 240, event_id="x") is ReadingOutcome.DUPLICATE
    assert feed.refusal(a_reading(9998, 240, event_id="x")).reason is Reason.ID_CONFLICT


def test_a_sensor_heard_only_out_of_range_can_still_fall_silent() -> None:
    feed = Feed(
        a_rule(RangeRule(low=190, high=230), rule_id="range"),
        a_rule(AbsenceRule(factor=2), rule_id="silent"),
    )
    feed.read(9999, 0)
    feed.tick(1000)
    assert feed.transitions == [("raised", "notice")]
    assert [sensor_health.state.value for sensor_health in feed.health] == ["faulty", "silent"]
    feed.read(200, 1060)
    assert [sensor_health.state.value for sensor_health in feed.health][-1] == "online"


def test_the_adaptive_baseline_finds_a_step_nobody_set_a_limit_for() -> None:
    rule = a_rule(BaselineRule(rungs=rungs(("notice", 0.5, 0.4)), season_s=86_400))
    feed = Feed(rule, sensors=(a_sensor(interval_s=300.0),))
    for number in range(2000):
        feed.read(
            200 + math.sin(number / 288 * 2 * math.pi) + (number * 37 % 11) / 50, number * 300
        )
    assert feed.transitions == []
    for number in range(2000, 2030):
        feed.read(215, number * 300)
    assert feed.transitions[0] == ("raised", "notice")
    note = feed.alarms[0].evidence.note or ""
    assert "215，预期" in note
    assert "‖ 215, expected" in note


def test_a_candidate_is_counted_and_never_alarms() -> None:
    feed = Feed(
        a_rule(a_threshold_rule(("yellow", 212, 211)), rule_id="live"),
        a_rule(a_threshold_rule(("yellow", 211, 210)), rule_id="new", shadow_of="live"),
    )
    for seconds, value in enumerate([200, 211.5, 212.5, 210.5, 200]):
        feed.read(value, seconds)
    assert {alarm.rule_id for alarm in feed.alarms} == {"live"}
    shadows = [
        shadow_differs
        for shadow_differs in feed.engine.messages
        if isinstance(shadow_differs, ShadowDiffers)
    ]
    assert [
        (shadow.at - at(0).timestamp(), shadow.by > 0, shadow.by == 0) for shadow in shadows
    ] == [
        (1.0, True, False),
        (2.0, False, True),
        (3.0, True, False),
        (4.0, False, True),
    ]


def test_a_backlog_is_retrospective_and_an_open_alarm_is_emitted_again() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211))))
    feed.tick(2 * HOUR)
    for seconds in (0, 600, 1200, 1800):
        feed.read(213, seconds)
    feed.read(200, 2400)
    feed.read(213, 3000)
    assert [(alarm.transition.value, alarm.retrospective) for alarm in feed.alarms] == [
        ("raised", True),
        ("cleared", True),
        ("raised", True),
    ]
    feed.read(213, 2 * HOUR - 60)
    assert [(alarm.transition.value, alarm.retrospective) for alarm in feed.alarms[3:]] == [
        ("revised", False)
    ]
    assert feed.alarms[3].alarm_id == feed.alarms[2].alarm_id


def test_a_backlog_that_stops_short_is_taken_to_be_going_on() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211))))
    feed.tick(2 * HOUR)
    feed.read(213, 0)
    feed.tick(2 * HOUR + 59)
    assert len(feed.alarms) == 1
    feed.tick(2 * HOUR + 61)
    assert [(alarm.transition.value, alarm.retrospective) for alarm in feed.alarms] == [
        ("raised", True),
        ("revised", False),
    ]


def test_a_clock_in_the_future_moves_nothing() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211))))
    feed.read(200, 0)
    feed.offset += 1
    with pytest.raises(RefusedInput, match="ahead"):
        feed.engine.apply_reading(feed.offset, a_reading(213, 5000), at(0).timestamp(), SENT)
    assert feed.engine.states[b"zhutuo-3"].newest == at(0).timestamp()
    assert feed.read(213, 60) is ReadingOutcome.SCORED
