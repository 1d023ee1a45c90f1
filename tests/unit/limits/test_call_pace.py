"""The number of calls about a missed deadline is that of the calls made one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.limits.call_pace import CallPace

BEGIN = datetime(2026, 12, 1, tzinfo=UTC)


@given(
    step_s=st.integers(1, 90),
    rounds=st.integers(1, 5),
    slow=st.integers(1, 12),
    chain=st.integers(1, 6),
    earlier=st.integers(0, 12),
    span_s=st.integers(-10, 4_000),
)
def test_the_count_is_that_of_calls_made_one_by_one(
    step_s: int, rounds: int, slow: int, chain: int, earlier: int, span_s: int
) -> None:
    pace = CallPace(timedelta(seconds=step_s), rounds, slow)
    end = BEGIN + timedelta(seconds=span_s)
    at, calls = BEGIN, 0
    while at < end:
        calls += 1
        at += pace.pause(earlier + calls, chain)
    assert pace.calls(BEGIN, end, chain, earlier) == calls


def test_after_the_rounds_at_the_top_calls_are_slow() -> None:
    pace = CallPace(timedelta(minutes=1), rounds=2, slow=10)
    minutes = [pace.calls(BEGIN, BEGIN + timedelta(minutes=m, seconds=1), 3) for m in range(16)]
    assert minutes == [1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6]
