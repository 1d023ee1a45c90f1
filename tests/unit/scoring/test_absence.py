"""Silence: decided by the log's clock, once, and taken back by the next reading."""

from __future__ import annotations

import pytest

from shared.contracts.fields import Level, Status
from shared.contracts.readings import SensorState
from shared.contracts.rules import AbsenceRule
from tests.support.scoring import Feed, a_reading, a_rule, a_sensor, a_tick, at

SILENCE = a_rule(AbsenceRule(factor=3), rule_id="sensor.silent")


def test_silent_and_heard_again() -> None:
    feed = Feed(SILENCE)
    feed.read(200, 0)
    feed.tick(180)
    assert feed.alarms == []
    feed.tick(181)
    feed.tick(182)
    [alarm], [health] = feed.alarms, feed.health
    assert (alarm.kind, alarm.level, alarm.transition.value) == ("absence", Level.NOTICE, "raised")
    assert alarm.occurred_at == health.occurred_at == at(180)
    assert (alarm.evidence.value, alarm.evidence.limit, alarm.evidence.unit) == (180, 180, "s")
    assert alarm.evidence.last_seen_at == at(0)
    assert (health.state, health.version, health.last_seen_at) == (SensorState.SILENT, 1, at(0))
    feed.read(200, 300)
    assert feed.alarms[1].transition.value == "cleared"
    assert feed.alarms[1].alarm_id == alarm.alarm_id
    assert (feed.alarms[1].evidence.value, feed.alarms[1].evidence.unit) == (300, "s")
    assert (feed.health[1].state, feed.health[1].version) == (SensorState.ONLINE, 2)
    assert len(feed.alarms) == len(feed.health) == 2
    feed.tick(1000)
    assert feed.alarms[2].alarm_id != alarm.alarm_id
    assert feed.health[2].version == 3


@pytest.mark.parametrize("ticks", [[60, 120, 181], [5000]])
def test_the_grain_of_the_ticks_does_not_matter(ticks: list[float]) -> None:
    feed = Feed(SILENCE)
    feed.read(200, 0)
    for seconds in ticks:
        feed.tick(seconds)
    assert [alarm.occurred_at for alarm in feed.alarms] == [at(180)]


def test_a_gap_between_two_readings_is_a_silence_even_without_a_tick() -> None:
    feed = Feed(SILENCE)
    feed.read(200, 0)
    feed.read(200, 600)
    assert [(alarm.transition.value, alarm.occurred_at) for alarm in feed.alarms] == [
        ("raised", at(180)),
        ("cleared", at(600)),
    ]


def test_the_ceiling_bounds_slow_sensors() -> None:
    rule = a_rule(AbsenceRule(factor=3, ceiling_s=7200), rule_id="sensor.silent")
    feed = Feed(rule, sensors=(a_sensor(interval_s=86_400.0),))
    feed.read(200, 0)
    feed.tick(7201)
    assert feed.alarms[0].occurred_at == at(7200)


def test_a_drill_is_no_sign_of_life_of_a_sensor_nobody_awaits() -> None:
    feed = Feed(SILENCE)
    feed.tick(10_000)
    feed.read(200, 10_000, status=Status.EXERCISE)
    feed.tick(20_000)
    assert feed.engine.messages == []
    feed.read(200, 20_000)
    feed.read(200, 20_100, status=Status.EXERCISE, event_id="drill:2")
    feed.tick(20_181)
    assert [sensor_health.status for sensor_health in feed.health] == [Status.ACTUAL]


def test_a_neighbour_with_a_fast_clock_makes_nobody_silent() -> None:
    feed = Feed(SILENCE, sensors=(a_sensor("near"), a_sensor("fast")))
    feed.read(200, 0, sensor_id="near")
    feed.apply(a_reading(200, 100_000, sensor_id="fast"))
    feed.tick(60)
    assert feed.engine.messages == []


def test_a_tick_costs_what_falls_due() -> None:
    sensors = tuple(a_sensor(f"s-{number}") for number in range(500))
    feed = Feed(SILENCE, sensors=sensors)
    for second in range(0, 600, 60):
        for number, sensor in enumerate(sensors):
            if number < 490 or second == 0:
                feed.read(200, second, sensor_id=sensor.sensor_id)
        feed.tick(second + 1)
    assert len(feed.health) == 10
    assert len(feed.engine._deadlines) <= 500


def test_a_tick_only_moves_time_forward() -> None:
    feed = Feed(SILENCE)
    feed.read(200, 0)
    feed.tick(181)
    feed.tick(10)
    assert feed.engine.clock == at(181).timestamp()
    assert len(feed.health) == 1
    assert a_tick(5).occurred_at == at(5)
