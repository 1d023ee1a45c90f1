"""The score of an alarm, 0 to 99, and its parts: level, excess beyond the limit, duration.

Each of the five levels owns a band: notice 1 to 19, blue 21 to 39, yellow 41 to 59, orange 61 to
79, red 81 to 99. With x = excess / scale and m = minutes since the episode began,

    level   = 20 * rank + 1
    excess  = floor(14 * x / (1 + x))                 0 to 14
    lasting = min(4, floor(log2(1 + m / 15)))         0 to 4: a quarter of an hour, 45 min, 2 h, 4 h
    score   = level + excess + lasting

so a value at the limit is the foot of the band, a value one `scale` beyond the limit is the middle,
and no value, however absurd or old, overtakes a higher level. `scale` is the distance from this
threshold to the next higher threshold, else to the next lower threshold, else the size of the
limit. A cleared alarm scores 0. The score is monotone in rank, value and duration. The formula is a
proposal of this project, not a norm.
"""

from __future__ import annotations

from math import log2

from shared.contracts.alarms import ScoreParts

CLEARED = ScoreParts(level=0, excess=0)
_ABSURD = 1e9
_MOST_LASTING = 4
_QUARTER_S = 900.0


def score_parts(
    rank: int, excess: float = 0.0, scale: float = 1.0, lasting_s: float = 0.0
) -> ScoreParts:
    """Return the parts at level `rank` (0 notice to 4 red), `excess` beyond its limit.

    `excess` and `scale` are in the rule's unit; a negative excess (kept by hysteresis) counts as 0.
    `lasting_s` is the age of the episode in seconds.
    """
    share = min(max(excess, 0.0) / max(scale, 1e-9), _ABSURD)
    lasting = int(log2(1 + max(lasting_s, 0.0) / _QUARTER_S))
    return ScoreParts(
        level=20 * rank + 1,
        excess=int(14 * share / (1 + share)),
        lasting=min(lasting, _MOST_LASTING),
    )


def total(parts: ScoreParts) -> int:
    """Return the score."""
    return parts.level + parts.excess + parts.lasting
