"""The pace of supervision calls about a missed deadline, as a rule and as a count.

A call climbs the escalation chain, one rung after each step. At the top it is repeated `rounds`
times at that pace, and then every `slow` steps for as long as nobody acts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple


class CallPace(NamedTuple):
    """The step between two calls, and how long calls keep this pace."""

    step: timedelta
    rounds: int
    slow: int

    def pause(self, number: int, chain: int) -> timedelta:
        """Return the pause after call `number` (from 1) on a chain of so many rungs."""
        return self.step if number < chain + self.rounds else self.step * self.slow

    def calls(self, begin: datetime, end: datetime, chain: int, earlier: int = 0) -> int:
        """Return the number of calls from `begin` until before `end`, after `earlier` calls."""
        if begin >= end:
            return 0
        quick_pauses = max(0, chain + self.rounds - 1 - earlier)
        steps = -((begin - end) // self.step) - 1
        if steps <= quick_pauses:
            return 1 + steps
        slow_from = begin + quick_pauses * self.step
        return 1 + quick_pauses + -((slow_from - end) // (self.step * self.slow)) - 1
