"""Limits of waits at the start. A wait ends when its condition holds; a limit is the last resort.

An idle machine needs seconds for what a loaded or slow machine does in minutes. A limit therefore
counts the time in which nothing has moved, or is far beyond what any machine needs.
"""

import time
from collections.abc import Callable

START_S = 300.0
"""Limit of a step of a start; a program that cannot run is recognised by its exits, much earlier.
"""
STILL_S = 180.0
"""A play in which nothing has moved for so long moves no more."""


class StallTimeout:
    """Is over when `mark` has had the same value for `still_s` seconds."""

    def __init__(
        self,
        still_s: float,
        mark: Callable[[], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._still_s = still_s
        self._mark = mark
        self._clock = clock
        self._last: object = mark()
        self._since = clock()

    def has_expired(self) -> bool:
        """Return whether the mark has not moved for the whole time."""
        mark, now = self._mark(), self._clock()
        if mark != self._last:
            self._last, self._since = mark, now
        return now - self._since > self._still_s
