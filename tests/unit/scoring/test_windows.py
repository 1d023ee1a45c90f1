"""Sliding windows: exact when sparse, bounded when dense, finite always."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.core.windows import BUCKETS, Aggregate, Window
from shared.contracts.rules import WindowRule
from tests.support.scoring import Feed, a_rule, rungs

AGGREGATES: list[Aggregate] = ["sum", "mean", "min", "max", "delta"]


def exact(points: list[tuple[float, float]], span: float, aggregate: Aggregate) -> float | None:
    newest = max(at for at, _ in points)
    inside = sorted((at, value) for at, value in points if at > newest - span)
    values = [value for _, value in inside]
    match aggregate:
        case "sum":
            return math.fsum(values)
        case "mean":
            return math.fsum(values) / len(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "delta":
            return values[-1] - values[0] if len(values) > 1 else None


@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=80),
    st.randoms(use_true_random=False),
    st.sampled_from(AGGREGATES),
)
def test_sparse_windows_are_exact_in_any_order_of_arrival(
    series: list[int], chance: object, aggregate: Aggregate
) -> None:
    points = [(1e9 + 10.0 * place, float(value)) for place, value in enumerate(series)]
    arriving = list(points)
    chance.shuffle(arriving)  # type: ignore[attr-defined]
    window, newest = Window(600.0), 0.0
    for at, value in arriving:
        newest = max(newest, at)
        window.add(at, value, newest)
    found, wanted = window.value(aggregate), exact(points, 600.0, aggregate)
    assert (found is None) == (wanted is None)
    assert found is None or found == pytest.approx(wanted)


@given(st.integers(2000, 4000), st.sampled_from(AGGREGATES))
def test_dense_windows_are_bounded_and_nearly_exact(count: int, aggregate: Aggregate) -> None:
    window = Window(60.0)
    points = [(1e9 + place * 0.05, float(place)) for place in range(count)]
    for at, value in points:
        window.add(at, value, at)
    assert len(window.buckets) <= BUCKETS + 2
    wanted = exact(points, 60.0, aggregate)
    assert window.value(aggregate) == pytest.approx(wanted, rel=2 / BUCKETS)


def test_a_repeat_beyond_the_remembered_ids_counts_once() -> None:
    window = Window(600.0)
    points = [(1e9 + 10.0 * place, 1.0) for place in range(20)]
    for at, value in points + points:
        window.add(at, value, points[-1][0])
    assert window.value("sum") == 20


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_no_aggregate_is_ever_infinite(series: list[float]) -> None:
    window = Window(600.0)
    for place, value in enumerate(series):
        window.add(1e9 + place, value, 1e9 + place)
        for aggregate in AGGREGATES:
            found = window.value(aggregate)
            assert found is None or math.isfinite(found)
    assert Window.load(window.dump()) == window


def test_rain_over_an_hour() -> None:
    body = WindowRule(
        aggregate="sum", window_s=3600, rungs=rungs(("blue", 20, 10), ("red", 50, 40))
    )
    feed = Feed(a_rule(body))
    for number in range(7):
        feed.read(8.0, number * 600)
    assert feed.story == [("raised", "blue")]
    assert feed.alarms[0].evidence.value == 24
    assert feed.alarms[0].evidence.window_s == 3600
    feed.tick(20_000)  # no data is silence, not the end of the rain
    assert feed.story == [("raised", "blue")]
    feed.read(0.0, 20_400)
    assert feed.story == [("raised", "blue"), ("cleared", "blue")]


def test_a_late_reading_completes_the_window() -> None:
    body = WindowRule(aggregate="sum", window_s=3600, rungs=rungs(("blue", 20, 10)))
    feed = Feed(a_rule(body))
    feed.read(9.0, 0)
    feed.read(9.0, 1200)
    feed.read(9.0, 600)
    assert feed.story == [("raised", "blue")]
    assert feed.alarms[0].evidence.event_id == "zhutuo-3:600"
    assert feed.alarms[0].occurred_at == feed.alarms[0].evidence.last_seen_at
