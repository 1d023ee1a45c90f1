"""The usual values by hour: a season (a day by default) in 48 slices.

A slice learns a mean once per passage: a burst of readings has no more weight than a slice. A
reading is compared with the range of its slice and the two neighbours: a pattern half an hour early
is no anomaly, nor is the edge of a square wave.
"""

from __future__ import annotations

from array import array
from typing import Any

import cython

SLICES = 48
PASSAGES = 2
"""A slice is used after this many passages."""
_LEAST_GAIN = 0.15
_ODD_GAIN = 0.05


class Season:
    """Means per slice, the number of passages (at most 255), and the present passage."""

    __slots__ = ("_count", "_mean", "_means", "_passed", "_slice")

    def __init__(self) -> None:
        self._means = array("d", [0.0] * SLICES)
        self._passed = array("B", [0] * SLICES)
        self._slice = -1
        self._mean = 0.0
        self._count = 0

    def expected(self, season_s: float, at: float) -> tuple[float, float] | None:
        """Return the usual range at this time; None while it is unknown, or without a season."""
        if season_s <= 0:
            return None
        place = int(at % season_s * SLICES / season_s) % SLICES
        previous, following = (place - 1) % SLICES, (place + 1) % SLICES
        if cython.compiled:
            passed, means = self._passed.data.as_uchars, self._means.data.as_doubles
        else:
            passed, means = self._passed, self._means
        if passed[place] < PASSAGES or passed[previous] < PASSAGES or passed[following] < PASSAGES:
            return None
        first, middle, last = means[previous], means[place], means[following]
        return min(first, middle, last), max(first, middle, last)

    def learn(self, season_s: float, at: float, value: float, odd: bool) -> None:
        """Learn a reading; a passage that ends while the sensor is `odd` moves its slice little."""
        if season_s <= 0:
            return
        place = int(at % season_s * SLICES / season_s) % SLICES
        if place != self._slice:
            self.close(odd)
            self._slice = place
        self._count += 1
        self._mean += (value - self._mean) / self._count

    def close(self, odd: bool) -> None:
        """End the passage of the present slice, if any."""
        if self._count:
            place = self._slice
            passed = min(self._passed[place] + 1, 255)
            gain = max(1.0 / passed, _LEAST_GAIN)
            if odd and passed > PASSAGES:
                gain = min(gain, _ODD_GAIN)
            self._means[place] += (self._mean - self._means[place]) * gain
            self._passed[place] = passed
        self._slice, self._mean, self._count = -1, 0.0, 0

    def dump(self) -> list[Any]:
        """Return the season as plain lists."""
        passage = [self._slice, self._mean, self._count]
        return [self._means.tolist(), self._passed.tolist(), passage]

    @staticmethod
    def load(plain: list[Any]) -> Season:
        """Return the season that `dump` has given these lists for."""
        season = Season()
        means, passed, passage = plain
        season._means, season._passed = array("d", means), array("B", passed)
        season._slice, season._mean, season._count = passage
        return season
