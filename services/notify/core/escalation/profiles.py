"""The time for an answer to a call (our own example, docs/sources.md S41).

`standard` is call-1/3/5 for red (modelled on docs/sources.md S24, S25): the first post is called
again after 1 minute, the next officer at 3 minutes, the upper tier at 5. The other levels stretch
these times to their own answer time (10, 15, 30 minutes), and a fault of the system itself has the
time of orange. `demo` waits 6 seconds for every call
and, since a demo lasts minutes, ten minutes for a promise. A stricter response mode takes a share
of each wait (shared/domain/response_modes/effects.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.contracts.fields import Level
from shared.domain.call_plans import SYSTEM, CallCategory

ProfileName = Literal["standard", "demo"]

TOP_ROUNDS = 3
"""Calls to the last post before an escalation is exhausted, where no call plan sets others."""
LONGEST_PROMISE_S = 12 * 3600
"""The longest promise, whatever time the officer names: one shift."""
MOST_LAPSES = 5
"""After so many broken promises the next post is called instead."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds to wait for an answer.

    `first_s` is for the first post, `repeat_s` for its second call (None: there is none), `post_s`
    for further posts of the first unit, `tier_s` for the units above. `promise_s` is the time to
    act for an officer who is coming and names no time.
    """

    first_s: float
    repeat_s: float | None
    post_s: float
    tier_s: float
    promise_s: float

    def shortened(self, share: float) -> Timing:
        """Return the timing with `share` of every wait."""
        repeat_s = None if self.repeat_s is None else self.repeat_s * share
        return Timing(
            self.first_s * share,
            repeat_s,
            self.post_s * share,
            self.tier_s * share,
            self.promise_s * share,
        )

    def wait_s(self, *, first: bool, own_unit: bool, round_: int) -> float:
        """Return the seconds until a call counts as unanswered; `round_` counts from 1."""
        if first:
            repeated = round_ > 1 and self.repeat_s is not None
            return self.repeat_s if repeated and self.repeat_s is not None else self.first_s
        return self.post_s if own_unit else self.tier_s


def _one_three_five(answer_s: float) -> Timing:
    """Return the timing with the upper tier at `answer_s`, in seconds.

    The first post is called again after one fifth, the next officer after three fifths. A promise
    lasts twice as long as the calls up to the upper tier.
    """
    fifth = answer_s / 5
    return Timing(fifth, repeat_s=2 * fifth, post_s=fifth, tier_s=fifth, promise_s=2 * answer_s)


Profile = dict[CallCategory, Timing]

PROFILES: dict[ProfileName, Profile] = {
    "standard": {
        Level.RED: _one_three_five(300),
        Level.ORANGE: _one_three_five(600),
        Level.YELLOW: _one_three_five(900),
        Level.BLUE: _one_three_five(1800),
        Level.NOTICE: _one_three_five(1800),
        SYSTEM: _one_three_five(600),
    },
    "demo": dict.fromkeys(
        (*Level, SYSTEM), Timing(6, repeat_s=None, post_s=6, tier_s=6, promise_s=600)
    ),
}
