"""Sliding windows: exact for single readings and readings apart, bounded always."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.core.readings.windows import (
    BUCKETS,
    Aggregate,
    WindowBuckets,
    WindowSpec,
    aggregate_of,
    view_of,
)
from shared.contracts.rules import WindowRule
from tests.support.scoring import T0, Feed, a_rule, a_sensor, rungs

AGGREGATES: list[Aggregate] = ["sum", "mean", "min", "max", "count", "delta"]


def exact(points: list[tuple[float, float]], span: float, aggregate: Aggregate) -> float | None:
    newest = max(at for at, _ in points)
    values = [value for at, value in sorted(points) if at > newest - span]
    match aggregate:
        case "sum":
            return math.fsum(values)
        case "mean":
            return math.fsum(values) / len(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "count":
            return len(values)
        case "delta":
            return values[-1] - values[0] if len(values) > 1 else None


def filled(
    spec: WindowSpec, points: list[tuple[float, float]], single: int
) -> tuple[WindowBuckets, array[float], array[float]]:
    """Return buckets with the older readings, and the last `single` readings one by one."""
    buckets = WindowBuckets(spec)
    old = points[: max(len(points) - single, 0)]
    for at, value in old:
        buckets.add(at, value, at - spec.span_s)
    recent = points[len(old) :]
    return buckets, array("d", [at for at, _ in recent]), array("d", [v for _, v in recent])


def value_at(
    spec: WindowSpec, buckets: WindowBuckets, times: array[float], values: array[float], at: float
) -> float | None:
    return aggregate_of(spec, view_of(spec, buckets, at, times, values, len(times)))


@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=80),
    st.sampled_from(AGGREGATES),
    st.integers(1, 80),
    st.floats(10, 30),
)
def test_readings_apart_are_added_up_exactly(
    series: list[int], aggregate: Aggregate, single: int, step: float
) -> None:
    points = [(1e9 + step * place, float(value)) for place, value in enumerate(series)]
    spec = WindowSpec(aggregate, 600.0)
    result = value_at(spec, *filled(spec, points, single), points[-1][0])
    expected = exact(points, 600.0, aggregate)
    assert (result is None) == (expected is None)
    assert result is None or result == pytest.approx(expected)


@given(st.integers(2000, 4000), st.sampled_from(AGGREGATES))
def test_dense_windows_are_bounded_and_nearly_exact(count: int, aggregate: Aggregate) -> None:
    points = [(1e9 + place * 0.05, float(place)) for place in range(count)]
    spec = WindowSpec(aggregate, 60.0)
    buckets, times, values = filled(spec, points, 1)
    assert len(buckets.ats) <= BUCKETS + 2
    result = value_at(spec, buckets, times, values, points[-1][0])
    expected = exact(points, 60.0, aggregate)
    assert result == pytest.approx(expected, rel=2 / BUCKETS)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_no_aggregate_is_ever_infinite(series: list[float]) -> None:
    for aggregate in AGGREGATES:
        points = [(1e9 + place, value) for place, value in enumerate(series)]
        spec = WindowSpec(aggregate, 600.0)
        buckets, times, values = filled(spec, points, 2)
        result = value_at(spec, buckets, times, values, points[-1][0])
        assert result is None or math.isfinite(result)
        loaded = WindowBuckets.load(spec, buckets.dump())
        assert loaded is not None
        assert loaded.dump() == buckets.dump()


@pytest.mark.parametrize("lateness_s", [0.0, 300.0])
@pytest.mark.parametrize("aggregate", AGGREGATES)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.booleans())
def test_an_alarm_is_open_exactly_while_the_aggregate_says_so(
    lateness_s: float, aggregate: Aggregate, series: list[int], below: bool
) -> None:
    """The law holds for every proof of the bounds, and for readings in buckets."""
    up, down = (14.0, 16.0) if below else (16.0, 14.0)
    body = WindowRule(
        aggregate=aggregate,
        window_s=1200,
        direction="below" if below else "above",
        rungs=rungs(("blue", up, down)),
    )
    sensor = a_sensor(interval_s=20, lateness_s=lateness_s)
    feed = Feed(a_rule(body), sensors=(sensor,))
    is_open, points = False, []
    for number, value in enumerate(series):
        points.append((1e9 + 61 * number, float(value)))
        feed.read_fast(float(value), 61.0 * number)
        result = exact(points, 1200.0, aggregate)
        if result is None:
            continue
        sign = -1 if below else 1
        is_open = result * sign >= (down if is_open else up) * sign
        state = feed.engine.states[b"zhutuo-3"]
        alarm = state.alarm("flood.zhutuo")
        assert (alarm is not None and alarm.level >= 0) == is_open, (number, result)


def test_rain_over_an_hour() -> None:
    body = WindowRule(
        aggregate="sum", window_s=3600, rungs=rungs(("blue", 20, 10), ("red", 50, 40))
    )
    feed = Feed(a_rule(body))
    for number in range(7):
        feed.read(8.0, number * 600)
    assert feed.transitions == [("raised", "blue")]
    assert feed.alarms[0].evidence.value == 24
    assert feed.alarms[0].evidence.window_s == 3600
    feed.tick(20_000)  # no data is silence, not the end of the rain
    assert feed.transitions == [("raised", "blue")]
    feed.read(0.0, 20_400)
    assert feed.transitions == [("raised", "blue"), ("cleared", "blue")]


def test_a_late_reading_completes_the_window() -> None:
    body = WindowRule(aggregate="sum", window_s=3600, rungs=rungs(("blue", 20, 10)))
    feed = Feed(a_rule(body))
    feed.read(9.0, 0)
    feed.read(9.0, 1200)
    feed.read(9.0, 600)
    assert feed.transitions == [("raised", "blue")]
    assert feed.alarms[0].evidence.event_id == "zhutuo-3:600"
    assert feed.alarms[0].occurred_at == feed.alarms[0].evidence.last_seen_at


def test_a_mean_rises_by_what_leaves_it_even_while_every_new_reading_is_harmless() -> None:
    body = WindowRule(aggregate="mean", window_s=1200, rungs=rungs(("blue", 16, 14)))
    feed = Feed(a_rule(body), sensors=(a_sensor(interval_s=60, lateness_s=60.0),))
    for number, value in enumerate([0.0] * 20 + [40.0] + [15.0] * 19):
        feed.read_fast(value, 60.0 * number)
    assert feed.transitions == [("raised", "blue")]
    assert feed.alarms[0].occurred_at.timestamp() == T0 + 60 * 39


def test_too_few_readings_are_not_judged() -> None:
    body = WindowRule(aggregate="mean", window_s=60, min_count=3, rungs=rungs(("blue", 20, 10)))
    feed = Feed(a_rule(body))
    for seconds in (0, 20, 40):
        assert feed.transitions == []
        feed.read(30.0, seconds)
    assert feed.transitions == [("raised", "blue")]


def test_a_sum_of_too_few_readings_is_not_forgotten() -> None:
    """Rain before the third reading counts, although no reading was evaluated yet."""
    body = WindowRule(aggregate="sum", window_s=3600, min_count=3, rungs=rungs(("blue", 20, 10)))
    feed = Feed(a_rule(body))
    for number in range(3):
        feed.read_fast(8.0, 60.0 * number)
    assert feed.transitions == [("raised", "blue")]
