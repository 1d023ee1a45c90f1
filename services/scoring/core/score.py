"""The score of an alarm, 0 to 99: grows with the level, and within a level with the excess.

Each of the five levels owns a band: notice 1 to 19, blue 21 to 39, yellow 41 to 59, orange 61 to 79,
red 81 to 99. Within a band, with x = excess / scale,

    score = 20 * rank + 1 + floor(19 * x / (1 + x))

so a value at the limit is the foot of the band, one `scale` beyond it the middle, and no value,
however absurd, overtakes a higher level. `scale` is the distance from this rung to its neighbour
(the next higher one, else the next lower one), else the limit's own size: what a step means on this
ladder. A cleared alarm scores 0. Monotone in rank and in value; a proposal of ours, not a norm.
"""

from __future__ import annotations

CLEARED = 0
_ABSURD = 1e9


def score(rank: int, excess: float = 0.0, scale: float = 1.0) -> int:
    """Score of an alarm at level `rank` (0 notice to 4 red), `excess` beyond its limit, 1 to 99.

    `excess` and `scale` are in the rule's unit; a negative excess (held by hysteresis) counts as 0.
    """
    if excess <= 0:
        return 20 * rank + 1
    share = min(excess / max(scale, 1e-9), _ABSURD)
    return 20 * rank + 1 + int(19 * share / (1 + share))
