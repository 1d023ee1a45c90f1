"""The score of a channel: the share of recent pages that came through, between 0 and 1.

    score = (good + 1/2) / (weight + 1)

Every page adds 1 to `weight` and its value to `good`: answered 1, read 0.9, delivered 0.7, silent
0.1, failed 0. Both halve every 30 days and `weight` never exceeds 5, so that new results outweigh
old and repeated ones. An officer without pages has 1/2. The values are our own proposal. Real pages
count in the same way as communication tests; pages of a drill do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from shared.contracts.pages import Channel
from shared.contracts.reachability import ChannelReach, Outcome

VALUE: dict[Outcome, float] = {
    Outcome.ANSWERED: 1.0,
    Outcome.READ: 0.9,
    Outcome.DELIVERED: 0.7,
    Outcome.SILENT: 0.1,
    Outcome.FAILED: 0.0,
}
HALF_LIFE = timedelta(days=30)
MOST_WEIGHT = 5.0
_PRIOR = 1.0
_LEAST_WEIGHT = 0.25
"""Two half-lives after a single page the channel counts as unknown."""
_GOOD_SCORE = 0.6
MISSES = 3
"""After this number of consecutive failures the channel counts as dead."""


class Reach(StrEnum):
    """The expectation of a channel, or of a person over all their channels; the best first."""

    REACHABLE = "reachable"
    DOUBTFUL = "doubtful"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


def updated_reach(
    reach: ChannelReach | None, channel: Channel, outcome: Outcome, now: datetime, *, test: bool
) -> ChannelReach:
    """Return the reach after one more page; `test`: the page was a communication test."""
    if reach is None:
        reach = ChannelReach(channel=channel, good=0, weight=0, misses=0, at=now, last=outcome)
    good, weight = _faded(reach, now)
    good, weight = good + VALUE[outcome], weight + 1
    share = min(1.0, MOST_WEIGHT / weight)
    missed = outcome in (Outcome.SILENT, Outcome.FAILED)
    return ChannelReach(
        channel=channel,
        good=min(good, weight) * share,
        weight=weight * share,
        misses=reach.misses + 1 if missed else 0,
        at=max(now, reach.at),
        last=outcome,
        heard_at=reach.heard_at if missed else now,
        tested_at=now if test else reach.tested_at,
        tested=outcome if test else reach.tested,
    )


def score(reach: ChannelReach | None, now: datetime) -> float:
    """Return the score between 0 and 1; 1/2 without any page."""
    good, weight = _faded(reach, now) if reach is not None else (0.0, 0.0)
    return (good + _PRIOR / 2) / (weight + _PRIOR)


def reach_of(reach: ChannelReach | None, now: datetime) -> Reach:
    """Return the expectation of the channel: dead after three recent consecutive failures."""
    if reach is None or _faded(reach, now)[1] < _LEAST_WEIGHT:
        return Reach.UNKNOWN
    if reach.misses >= MISSES:
        return Reach.UNREACHABLE
    return Reach.REACHABLE if score(reach, now) >= _GOOD_SCORE else Reach.DOUBTFUL


def best(reaches: Iterable[Reach]) -> Reach:
    """Return the best reach of a person's channels; a person without channels is unreachable."""
    order = list(Reach)
    return min(reaches, key=order.index, default=Reach.UNREACHABLE)


def _faded(reach: ChannelReach, now: datetime) -> tuple[float, float]:
    age = max(timedelta(0), now - reach.at)
    share = 0.5 ** (age / HALF_LIFE)
    return reach.good * share, reach.weight * share
