"""Charts: a peak is never thinned away, and the drawn levels apply to the sensor."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.console.core.definitions import Definitions
from services.console.features.sensors.charts import SensorRules, thinned
from services.console.features.sensors.history_points import (
    SLOT_S,
    HistoryKey,
    UnstoredPoints,
    extremes,
)
from shared.contracts.rules import (
    RangeRule,
    RateRule,
    RuleDefinition,
    WindowRule,
)
from tests.support.console_events import RUNGS, a_rule
from tests.support.console_harness import GAUGE

values = st.lists(st.floats(-1e6, 1e6), max_size=300)


@given(values, st.integers(2, 60))
def test_thinning_keeps_order_ends_and_number(heights: list[float], most: int) -> None:
    points = [(float(at), value) for at, value in enumerate(heights)]
    stored = thinned(points, most)
    assert len(stored) <= most
    assert stored == sorted(set(stored))
    assert set(stored) <= set(points)
    if points:
        assert min(value for _, value in stored) == min(heights)
        assert max(value for _, value in stored) == max(heights)
    if len(points) <= most:
        assert stored == points


readings = st.lists(st.tuples(st.integers(0, 5_000).map(float), st.integers(0, 9).map(float)))


@given(readings, readings)
def test_the_history_is_the_same_in_any_order_and_however_often_a_reading_comes(
    first: list[tuple[float, float]], second: list[tuple[float, float]]
) -> None:
    merged = extremes([*first, *second])
    assert extremes([*extremes(second), *extremes(first), *second]) == merged
    assert set(merged) <= {*first, *second}
    for slot in {at // SLOT_S for at, _ in [*first, *second]}:
        heights = [value for at, value in [*first, *second] if at // SLOT_S == slot]
        drawn = [value for at, value in merged if at // SLOT_S == slot]
        assert (min(drawn), max(drawn)) == (min(heights), max(heights))
        assert len(drawn) <= 2


@given(st.lists(readings, max_size=6))
def test_unstored_points_are_the_extremes_of_all_that_came_and_are_counted(
    batches: list[list[tuple[float, float]]],
) -> None:
    key = HistoryKey("gauge-1", "Actual", "level m", 0)
    unstored = UnstoredPoints()
    for batch in batches:
        unstored.add(key, batch)
    every = [point for batch in batches for point in batch]
    assert unstored.get(key) == extremes(every)
    assert unstored.count == len(extremes(every))
    if batches:
        assert list(unstored) == [key]
        unstored.delete(key)
    assert unstored.count == 0
    assert list(unstored) == []


def view(*rules: RuleDefinition) -> list[tuple[str, str, float]]:
    definitions = Definitions()
    for rule in rules:
        definitions.put_rule(rule)
    sensor_rules = SensorRules(definitions.rules)
    return [
        (level["rule_id"], level["level"], level["raise_at"])
        for level in sensor_rules.levels(GAUGE)
    ]


def test_the_levels_of_the_rules_that_hold_for_the_sensor() -> None:
    named = a_rule("b.named", sensor_ids=("gauge-zhutuo",))
    elsewhere = a_rule("b.elsewhere", sensor_ids=("gauge-other",))
    mean = a_rule("c.mean", WindowRule(aggregate="mean", window_s=3_600, rungs=RUNGS[:1]))
    assert view(a_rule(), named, elsewhere, mean) == [
        ("b.named", "blue", 209.5),
        ("b.named", "orange", 212.0),
        ("c.mean", "blue", 209.5),
        ("flood.zhutuo", "blue", 209.5),
        ("flood.zhutuo", "orange", 212.0),
    ]


def test_what_is_not_a_limit_on_the_value_is_no_level() -> None:
    for body in (
        RateRule(rungs=RUNGS),
        RangeRule(low=180, high=230),
        WindowRule(aggregate="sum", window_s=3_600, rungs=RUNGS),
    ):
        assert view(a_rule(body=body)) == []
    for more in ({"enabled": False}, {"shadow_of": "flood.live"}, {"sensor_kind": "rain_gauge"}):
        assert view(a_rule(**more)) == []
    assert view(a_rule(datum="黄海")) == []


def test_a_rule_that_is_switched_off_or_deleted_leaves() -> None:
    assert view(a_rule(), a_rule(enabled=False)) == []
    definitions = Definitions()
    rules = SensorRules(definitions.rules)
    definitions.put_rule(a_rule())
    assert rules.sign("flood.zhutuo") == 1
    definitions.put_rule(a_rule(shadow_of="flood.live"))
    assert rules.sign("flood.zhutuo") is None
    definitions.drop_rule("flood.zhutuo")
    definitions.drop_rule("flood.zhutuo")
    assert rules.levels(GAUGE) == []
