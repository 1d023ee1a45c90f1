"""The score: monotone in level, excess and duration, within 0 and 100, and the sum of its parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.core.alarms.score import score_parts, total
from tests.support.scoring import Feed, a_rule, a_threshold_rule

ranks = st.integers(0, 4)
sizes = st.floats(-1e308, 1e308, allow_nan=False)
scales = st.floats(0, 1e308, allow_nan=False)
times = st.floats(-1e9, 1e12, allow_nan=False)


def score(rank: int, excess: float = 0.0, scale: float = 1.0, lasting_s: float = 0.0) -> int:
    return total(score_parts(rank, excess, scale, lasting_s))


@given(ranks, sizes, sizes, scales, times)
def test_a_graver_value_never_scores_less(
    rank: int, first: float, second: float, scale: float, lasting: float
) -> None:
    low, high = sorted((first, second))
    assert 1 <= score(rank, low, scale, lasting) <= score(rank, high, scale, lasting) <= 100


@given(ranks, sizes, scales, times, times)
def test_what_lasts_longer_never_scores_less(
    rank: int, excess: float, scale: float, first: float, second: float
) -> None:
    short, long = sorted((first, second))
    assert score(rank, excess, scale, short) <= score(rank, excess, scale, long)


@given(st.integers(0, 3), sizes, sizes, scales, scales, times, times)
def test_a_higher_level_always_scores_more(
    rank: int,
    first: float,
    second: float,
    scale: float,
    second_scale: float,
    long: float,
    short: float,
) -> None:
    assert score(rank, first, scale, long) < score(rank + 1, second, second_scale, short)


def test_the_bands() -> None:
    assert score(0) == 1
    assert score(4) == 81
    assert score(3, 1.0, 1.0) == 68
    assert score(4, 1e308, 1e-300, 1e12) == 98
    assert [score(0, lasting_s=60 * m) - 1 for m in (0, 14, 15, 45, 105, 225, 9e9)] == [
        *(0, 0, 1, 2, 3, 4, 4)
    ]


def test_an_alarm_carries_the_parts_of_its_score() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211), ("red", 216, 215))))
    feed.read(214, 0)
    feed.read(218, 3600)
    feed.read(200, 3660)
    assert [alarm.score for alarm in feed.alarms] == [45, 87, 0]
    for alarm in feed.alarms:
        assert alarm.parts is not None
        assert alarm.score == total(alarm.parts)
    assert feed.alarms[1].parts is not None
    assert feed.alarms[1].parts.lasting == 2
