"""What is usual at this hour: a season (a day unless told otherwise) in 48 slices.

A slice learns its mean once per passage, so a burst of readings weighs no more than its slice. A
reading is compared with the range of its slice and the two beside it: a pattern that comes half an
hour early is not an anomaly, and the edge of a square wave is not either.
"""

from __future__ import annotations

from array import array
from typing import Any

import cython

SLICES = 48
PASSAGES = 2
"""A slice speaks after so many passages."""
_LEAST_GAIN = 0.15
_ODD_GAIN = 0.05


class Season:
    """Means per slice, how often each was passed (255 at most), and the slice being passed."""

    __slots__ = ("_count", "_mean", "_means", "_passed", "_slice")

    def __init__(self) -> None:
        self._means = array("d", [0.0] * SLICES)
        self._passed = array("B", [0] * SLICES)
        self._slice = -1
        self._mean = 0.0
        self._count = 0

    def expected(self, season_s: float, at: float) -> tuple[float, float] | None:
        """Least and most usual value at this time; None before it is known, or without a season."""
        if season_s <= 0:
            return None
        here = int(at % season_s * SLICES / season_s) % SLICES
        before, after = (here - 1) % SLICES, (here + 1) % SLICES
        if cython.compiled:
            passed, means = self._passed.data.as_uchars, self._means.data.as_doubles
        else:
            passed, means = self._passed, self._means
        if passed[here] < PASSAGES or passed[before] < PASSAGES or passed[after] < PASSAGES:
            return None
        one, two, three = means[before], means[here], means[after]
        return min(one, two, three), max(one, two, three)

    def learn(self, season_s: float, at: float, value: float, odd: bool) -> None:
        """Take a reading in; a passage that ends while the sensor is `odd` moves its slice little."""
        if season_s <= 0:
            return
        here = int(at % season_s * SLICES / season_s) % SLICES
        if here != self._slice:
            self.close(odd)
            self._slice = here
        self._count += 1
        self._mean += (value - self._mean) / self._count

    def close(self, odd: bool) -> None:
        """End the passage of the present slice, if any."""
        if self._count:
            here = self._slice
            passed = min(self._passed[here] + 1, 255)
            gain = max(1.0 / passed, _LEAST_GAIN)
            if odd and passed > PASSAGES:
                gain = min(gain, _ODD_GAIN)
            self._means[here] += (self._mean - self._means[here]) * gain
            self._passed[here] = passed
        self._slice, self._mean, self._count = -1, 0.0, 0

    def dump(self) -> list[Any]:
        """As plain lists."""
        passage = [self._slice, self._mean, self._count]
        return [self._means.tolist(), self._passed.tolist(), passage]

    @staticmethod
    def load(plain: list[Any]) -> Season:
        """The inverse of `dump`."""
        season = Season()
        means, passed, passage = plain
        season._means, season._passed = array("d", means), array("B", passed)
        season._slice, season._mean, season._count = passage
        return season
