"""The score: monotone in level and in excess, within 0 and 100."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.core.score import score

ranks = st.integers(0, 4)
sizes = st.floats(-1e308, 1e308, allow_nan=False)
scales = st.floats(0, 1e308, allow_nan=False)


@given(ranks, sizes, sizes, scales)
def test_a_graver_value_never_scores_less(rank: int, one: float, two: float, scale: float) -> None:
    low, high = sorted((one, two))
    assert 1 <= score(rank, low, scale) <= score(rank, high, scale) <= 100


@given(st.integers(0, 3), sizes, sizes, scales, scales)
def test_a_higher_level_always_scores_more(
    rank: int, one: float, two: float, scale: float, other: float
) -> None:
    assert score(rank, one, scale) < score(rank + 1, two, other)


def test_the_bands() -> None:
    assert score(0) == 1
    assert score(4) == 81
    assert score(3, 1.0, 1.0) == 70
    assert score(4, 1e308, 1e-300) == 99
