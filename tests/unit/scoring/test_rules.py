"""The rule registry: refusals and reasons, the rules of a sensor, new versions of a rule."""

from __future__ import annotations

import pytest

from services.scoring.core.refusals import RefusedInput
from services.scoring.core.rules.rule_registry import RuleRegistry
from shared.contracts.dead_letter import Reason
from shared.contracts.rules import AbsenceRule, RuleDefinition, WindowRule
from tests.support.scoring import Direction, Feed, a_rule, a_sensor, a_threshold_rule, rungs

GOOD = a_threshold_rule(("yellow", 212, 211), ("orange", 214, 213))


def a_registry() -> RuleRegistry:
    registry = RuleRegistry()
    registry.add_sensor(a_sensor())
    registry.add_sensor(a_sensor("beibei-3", datum="黄海"))
    registry.add_sensor(
        a_sensor("rain-7", sensor_kind="rain_gauge", metric="rain", unit="mm", datum=None)
    )
    return registry


NAMED = ("zhutuo-3",)


@pytest.mark.parametrize(
    ("rule", "reason", "says"),
    [
        (a_rule(GOOD, sensor_ids=("beibei-3",)), Reason.DATUM_MISMATCH, "黄海"),
        (a_rule(GOOD), Reason.DATUM_MISMATCH, "beibei-3"),
        (a_rule(GOOD, sensor_ids=NAMED, datum=None), Reason.DATUM_MISMATCH, "none"),
        (a_rule(GOOD, sensor_ids=NAMED, unit="cm"), Reason.UNIT_MISMATCH, "cm"),
        (a_rule(GOOD, sensor_ids=("rain-7",)), Reason.INVALID_RULE, "metric"),
        (
            a_rule(a_threshold_rule(("orange", 212, 211), ("yellow", 214, 213)), sensor_ids=NAMED),
            Reason.INVALID_RULE,
            "levels must rise",
        ),
        (
            a_rule(a_threshold_rule(("yellow", 214, 213), ("orange", 212, 211)), sensor_ids=NAMED),
            Reason.INVALID_RULE,
            "graver",
        ),
        (
            a_rule(a_threshold_rule(("yellow", 212, 212.5)), sensor_ids=NAMED),
            Reason.INVALID_RULE,
            "safe side",
        ),
        (
            a_rule(a_threshold_rule(("yellow", 195, 194), direction="below"), sensor_ids=NAMED),
            Reason.INVALID_RULE,
            "safe side",
        ),
        (
            a_rule(a_threshold_rule(("yellow", 212, 211), ("orange", 214, 210)), sensor_ids=NAMED),
            Reason.INVALID_RULE,
            "given up later",
        ),
    ],
)
def test_refused(rule: RuleDefinition, reason: Reason, says: str) -> None:
    registry = a_registry()
    with pytest.raises(RefusedInput) as refused:
        registry.add_rule(rule)
    assert refused.value.reason is reason
    assert says in refused.value.detail
    assert len(registry) == 0


def test_all_errors_at_once() -> None:
    rule = a_rule(
        a_threshold_rule(("orange", 212, 213), ("yellow", 211, 200)),
        sensor_ids=("zhutuo-3", "beibei-3"),
        unit="cm",
    )
    with pytest.raises(RefusedInput) as refused:
        a_registry().add_rule(rule)
    for part in ("safe side", "levels must rise", "graver", "unit", "datum"):
        assert part in refused.value.detail


@pytest.mark.parametrize("direction", ["above", "below"])
def test_equal_limits_are_allowed(direction: Direction) -> None:
    registry = a_registry()
    registry.add_rule(
        a_rule(a_threshold_rule(("red", 5, 5), direction=direction), sensor_ids=NAMED)
    )
    assert len(registry) == 1


def test_silence_has_no_unit_and_no_datum() -> None:
    registry = a_registry()
    registry.add_rule(a_rule(AbsenceRule(), unit="s", datum=None))
    assert len(registry) == 1


def test_a_refused_version_leaves_the_one_in_force() -> None:
    registry = a_registry()
    registry.add_rule(a_rule(GOOD, sensor_ids=NAMED))
    with pytest.raises(RefusedInput):
        registry.add_rule(a_rule(GOOD, version=2, sensor_ids=("beibei-3",)))
    result = registry.definition("flood.zhutuo")
    assert result is not None
    assert result.version == 1


def test_no_rule_applies_to_a_later_sensor_that_does_not_fit() -> None:
    registry = RuleRegistry()
    registry.add_rule(a_rule(GOOD))
    registry.add_sensor(a_sensor())
    registry.add_sensor(a_sensor("beibei-3", datum="黄海"))
    fitting, unfitting = registry.sensor("zhutuo-3"), registry.sensor("beibei-3")
    assert fitting is not None
    assert unfitting is not None
    assert len(registry.rule_set(fitting).values) == 1
    assert len(registry.rule_set(unfitting).values) == 0


def test_a_rule_may_come_before_the_sensors_it_names() -> None:
    feed = Feed(a_rule(GOOD, sensor_ids=("later",)))
    feed.registry.add_sensor(a_sensor("later"))
    feed.read(213, 0, sensor_id="later")
    assert feed.transitions == [("raised", "yellow")]


def test_a_sensor_that_is_dropped_ends_its_alarms() -> None:
    feed = Feed(a_rule(GOOD))
    feed.read(213, 0)
    feed.registry.remove_sensor("zhutuo-3")
    feed.tick(1)
    assert feed.transitions == [("raised", "yellow"), ("cleared", "yellow")]
    assert feed.engine.removed_keys == [b"zhutuo-3"]
    assert feed.engine.states == {}


def test_a_new_version_keeps_the_open_alarm() -> None:
    feed = Feed(a_rule(GOOD))
    feed.read(213, 0)
    feed.registry.add_rule(
        a_rule(a_threshold_rule(("blue", 205, 204), ("red", 212.5, 212)), version=2)
    )
    feed.read(213, 60)
    feed.read(206, 120)
    assert feed.transitions == [("raised", "yellow"), ("upgraded", "red"), ("downgraded", "blue")]
    assert len({alarm.alarm_id for alarm in feed.alarms}) == 1
    assert [alarm.rule_version for alarm in feed.alarms] == [1, 2, 2]
    feed.registry.add_rule(a_rule(GOOD, version=1))
    assert feed.registry.definition("flood.zhutuo") == a_rule(
        a_threshold_rule(("blue", 205, 204), ("red", 212.5, 212)), version=2
    )


def test_a_rule_switched_off_clears_what_it_raised() -> None:
    feed = Feed(a_rule(GOOD), a_rule(AbsenceRule(), rule_id="sensor.silent"))
    feed.read(213, 0)
    feed.tick(1000)
    feed.registry.add_rule(a_rule(GOOD, version=2, enabled=False))
    feed.registry.add_rule(a_rule(AbsenceRule(), rule_id="sensor.silent", version=2, enabled=False))
    feed.tick(1001)
    feed.tick(1002)
    assert feed.transitions == [
        ("raised", "yellow"),
        ("raised", "notice"),
        ("cleared", "yellow"),
        ("cleared", "notice"),
    ]
    assert [sensor_health.state.value for sensor_health in feed.health] == ["silent", "online"]
    feed.registry.add_rule(a_rule(AbsenceRule(), rule_id="sensor.silent", version=3))
    feed.tick(1003)
    last_alarm = feed.alarms[-1]
    assert (last_alarm.transition.value, last_alarm.version) == ("raised", 3)


def test_a_hold_gathered_under_another_version_counts_for_nothing() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211), for_s=60)))
    feed.read(213, 0)
    feed.registry.add_rule(a_rule(a_threshold_rule(("yellow", 250, 249), for_s=60), version=2))
    feed.tick(1000)
    feed.read(213, 1001)
    assert feed.transitions == []


def test_a_window_goes_on_over_the_readings_held_when_its_length_changes() -> None:
    def rule(window_s: float, version: int) -> RuleDefinition:
        body = WindowRule(aggregate="sum", window_s=window_s, rungs=rungs(("blue", 40, 10)))
        return a_rule(body, version=version)

    feed = Feed(rule(60, 1))
    feed.read(15, 0)
    feed.read(15, 60)
    feed.read(15, 120)
    assert feed.transitions == []
    feed.registry.add_rule(rule(600, 2))
    feed.read(0, 180)
    assert feed.transitions == [("raised", "blue")]
