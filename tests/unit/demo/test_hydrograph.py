"""The curve between published points: exact at them, bounded between them, the same every time."""

import itertools
import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo import hydrograph
from deploy.demo.demo_clock import END, START, at
from deploy.example.gauges import Gauge, gauges

_BY_ID = {gauge.sensor_id: gauge for gauge in gauges()}


@pytest.mark.parametrize("gauge", gauges(), ids=lambda gauge: gauge.sensor_id)
def test_published_points_are_exact_and_the_only_real_points(gauge: Gauge) -> None:
    real = [sample for sample in hydrograph.samples(gauge, 7) if not sample.synthetic]
    assert [(sample.at, sample.level_m) for sample in real] == [
        (point.at, point.level_m) for point in gauge.points
    ]


@given(seed=st.integers(), name=st.sampled_from(sorted(_BY_ID)))
def test_any_seed_covers_the_five_days_and_never_tops_the_published_peak(
    seed: int, name: str
) -> None:
    result = hydrograph.samples(_BY_ID[name], seed)
    assert result == hydrograph.samples(_BY_ID[name], seed)
    assert (result[0].at, result[-1].at) == (START, END)
    gaps = [after.at - before.at for before, after in itertools.pairwise(result)]
    assert timedelta(0) < min(gaps)
    assert max(gaps) <= hydrograph.STEP


@pytest.mark.parametrize(
    ("name", "peak"), [("gauge-zhutuo", 214.68), ("gauge-cuntan", 191.62), ("gauge-beibei", 200.23)]
)
def test_peaks_are_the_published_peaks(name: str, peak: float) -> None:
    assert max(sample.level_m for sample in hydrograph.samples(_BY_ID[name], 3)) == peak


def test_the_statements_of_the_bulletins_hold() -> None:
    cuntan = hydrograph.samples(_BY_ID["gauge-cuntan"], 5)
    record = next(sample for sample in cuntan if sample.level_m >= 191.41)
    assert record.at == at(20, 4)
    zhutuo = {sample.at: sample.level_m for sample in hydrograph.samples(_BY_ID["gauge-zhutuo"], 5)}
    assert zhutuo[at(21, 8)] < 212.0


@given(
    levels=st.lists(st.floats(0, 300), min_size=2, max_size=6),
    share=st.floats(0, 1),
    seed=st.integers(),
)
def test_the_curve_stays_between_its_two_knots(
    levels: list[float], share: float, seed: int
) -> None:
    knots: list[tuple[datetime, float]] = [
        (START + timedelta(hours=number), round(level, 2)) for number, level in enumerate(levels)
    ]
    moment = START + share * timedelta(hours=len(levels) - 1)
    value = hydrograph.level_at(knots, moment, random.Random(seed))
    index = min(int(share * (len(levels) - 1)), len(levels) - 2)
    low, high = sorted((knots[index][1], knots[index + 1][1]))
    assert low - 0.005 <= value <= high + 0.005
