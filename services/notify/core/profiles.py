"""How long a call may go unanswered (our own example, docs/sources.md S41).

`standard` is call-1/3/5 for red (modelled on docs/sources.md S24, S25): the first post is called
again after 1 minute, the next officer at 3, the upper tier at 5; the other levels stretch it to
their own answer time (10, 15, 30 minutes). `demo` waits 6 seconds on every rung and, as a demo
lasts minutes, ten minutes for a promise. A stricter response mode takes its share
(shared/domain/response_modes/effects.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.contracts.fields import Level

ProfileName = Literal["standard", "demo"]

TOP_ROUNDS = 3
"""So often the last post of a ladder is called before it is exhausted, unless a call plan says otherwise."""
LONGEST_PROMISE_S = 12 * 3600
"""No promise lasts longer, whatever time is named: a shift."""
MOST_LAPSES = 5
"""So often a ladder goes by a promise: after as many lapsed ones the next post is called instead."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds to wait for an answer: at the first post (`first_s`), at its repeat (`repeat_s`; None:
    there is no repeat), at further posts of the first unit, and at units above it. `promise_s` is how
    long who is coming may take to act when he names no time himself."""

    first_s: float
    repeat_s: float | None
    post_s: float
    tier_s: float
    promise_s: float

    def shortened(self, share: float) -> Timing:
        """The same with `share` of every wait."""
        repeat_s = None if self.repeat_s is None else self.repeat_s * share
        return Timing(
            self.first_s * share,
            repeat_s,
            self.post_s * share,
            self.tier_s * share,
            self.promise_s * share,
        )

    def wait_s(self, *, first: bool, own_unit: bool, round_: int) -> float:
        """Seconds until the present call counts as unanswered; `round_` counts from 1."""
        if first:
            repeated = round_ > 1 and self.repeat_s is not None
            return self.repeat_s if repeated and self.repeat_s is not None else self.first_s
        return self.post_s if own_unit else self.tier_s


def _one_three_five(answer_s: float) -> Timing:
    """Upper tier at `answer_s`, next officer at three fifths, repeat at one fifth; a promise lasts as
    long as the calling up to the tier above, twice."""
    fifth = answer_s / 5
    return Timing(fifth, repeat_s=2 * fifth, post_s=fifth, tier_s=fifth, promise_s=2 * answer_s)


Profile = dict[Level, Timing]

PROFILES: dict[ProfileName, Profile] = {
    "standard": {
        Level.RED: _one_three_five(300),
        Level.ORANGE: _one_three_five(600),
        Level.YELLOW: _one_three_five(900),
        Level.BLUE: _one_three_five(1800),
        Level.NOTICE: _one_three_five(1800),
    },
    "demo": dict.fromkeys(Level, Timing(6, repeat_s=None, post_s=6, tier_s=6, promise_s=600)),
}
