"""The score of a channel: bounded, better with every success, fading with time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.pages import Channel
from shared.contracts.reachability import ChannelReach, Outcome
from shared.domain.channel_health.score import (
    HALF_LIFE,
    MISSES,
    MOST_WEIGHT,
    VALUE,
    Reach,
    best,
    reach_of,
    score,
    updated_reach,
)

T0 = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
History = list[tuple[Outcome, float]]
histories = st.lists(
    st.tuples(st.sampled_from(list(Outcome)), st.floats(0, 90)), min_size=1, max_size=30
)


def after(history: History, *, test: bool = False) -> tuple[ChannelReach, datetime]:
    """The reach after these pages; each has the number of days since the previous page."""
    existing_channel_reach, now = None, T0
    for outcome, days in history:
        now += days * DAY
        existing_channel_reach = updated_reach(
            existing_channel_reach, Channel.SMS, outcome, now, test=test
        )
    assert existing_channel_reach is not None
    return existing_channel_reach, now


@given(histories, st.floats(0, 1_000))
def test_a_score_lies_between_0_and_1_and_weight_is_bounded(history: History, days: float) -> None:
    existing_channel_reach, now = after(history)
    assert 0 < score(existing_channel_reach, now + days * DAY) < 1
    assert existing_channel_reach.weight <= MOST_WEIGHT + 1e-9


@given(histories, st.data())
def test_a_better_outcome_anywhere_never_makes_the_score_worse(
    history: History, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(history) - 1))
    outcome, days = history[at]
    better = data.draw(
        st.sampled_from([candidate for candidate in Outcome if VALUE[candidate] >= VALUE[outcome]])
    )
    improved = [*history[:at], (better, days), *history[at + 1 :]]
    (channel_reach, now), (other_channel_reach, _) = after(history), after(improved)
    assert score(other_channel_reach, now) >= score(channel_reach, now) - 1e-9


@given(histories)
def test_one_more_success_never_makes_the_score_worse_nor_a_failure_better(
    history: History,
) -> None:
    existing_channel_reach, now = after(history)
    up = updated_reach(existing_channel_reach, Channel.SMS, Outcome.ANSWERED, now, test=False)
    down = updated_reach(existing_channel_reach, Channel.SMS, Outcome.FAILED, now, test=False)
    assert score(down, now) <= score(existing_channel_reach, now) + 1e-9
    assert score(up, now) >= score(existing_channel_reach, now) - 1e-9


@given(histories)
def test_evidence_fades_with_time(history: History) -> None:
    existing_channel_reach, now = after(history)
    distances = [
        abs(score(existing_channel_reach, now + age * DAY) - 0.5) for age in (0, 10, 60, 400)
    ]
    assert distances == sorted(distances, reverse=True)
    assert reach_of(existing_channel_reach, now + 20 * HALF_LIFE) is Reach.UNKNOWN


def test_the_formula_on_paper() -> None:
    assert score(None, T0) == 0.5
    channel_reach, _ = after([(Outcome.ANSWERED, 0)])
    assert score(channel_reach, T0) == pytest.approx(1.5 / 2)
    assert score(channel_reach, T0 + HALF_LIFE) == pytest.approx(1.0 / 1.5)
    two, _ = after([(Outcome.ANSWERED, 0), (Outcome.SILENT, 0)])
    assert score(two, T0) == pytest.approx(1.6 / 3)


@pytest.mark.parametrize(
    ("history", "reach"),
    [
        ([Outcome.ANSWERED], Reach.REACHABLE),
        ([Outcome.DELIVERED], Reach.REACHABLE),
        ([Outcome.SILENT], Reach.DOUBTFUL),
        ([Outcome.FAILED] * (MISSES - 1), Reach.DOUBTFUL),
        ([Outcome.ANSWERED] * 20 + [Outcome.FAILED] * MISSES, Reach.UNREACHABLE),
        ([Outcome.FAILED] * 20 + [Outcome.ANSWERED], Reach.DOUBTFUL),
        ([Outcome.SILENT, Outcome.FAILED, Outcome.SILENT], Reach.UNREACHABLE),
    ],
)
def test_the_expected_reach(history: list[Outcome], reach: Reach) -> None:
    existing_channel_reach, now = after([(outcome, 0) for outcome in history])
    assert reach_of(existing_channel_reach, now) is reach


def test_a_test_is_stored_beside_real_pages() -> None:
    existing_channel_reach, _ = after([(Outcome.ANSWERED, 0)], test=True)
    existing_channel_reach = updated_reach(
        existing_channel_reach, Channel.SMS, Outcome.FAILED, T0 + DAY, test=False
    )
    assert (
        existing_channel_reach.tested,
        existing_channel_reach.tested_at,
        existing_channel_reach.last,
    ) == (Outcome.ANSWERED, T0, Outcome.FAILED)
    assert existing_channel_reach.heard_at == T0


def test_the_best_channel_counts() -> None:
    assert best([Reach.UNREACHABLE, Reach.DOUBTFUL, Reach.UNKNOWN]) is Reach.DOUBTFUL
    assert best([]) is Reach.UNREACHABLE
