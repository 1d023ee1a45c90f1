"""How rare is a deviation this large? A tail of what has been seen, free of any assumed shape.

Sizes are counted in logarithmic bins, four to a doubling, so one structure serves microns and
megabytes and an absurd value costs one bin. Beyond what has been seen the largest 2 % are
extrapolated as a power law, whose slope is Hill's estimate (B. M. Hill, 1975), drawn towards a
cautious prior while they are few: heavy-tailed sensors earn wide limits, calm ones narrow limits, and
neither needs to be told. At most 16 bins; the smallest two are merged, since only large sizes matter.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from typing import Any

import cython

PER_DOUBLING = 4
NONE = -4400
"""The size of a deviation of nothing: below the smallest positive float, within 16 bits."""
KEYS = 16
MEMORY = 20_000
"""When so many sizes are counted all counts are halved: what is older weighs less."""
FEWEST = 8
_SHARE = 0.02
_FARTHEST = 10 * PER_DOUBLING
"""One absurd value must not make every later one look usual: it counts as a thousandfold."""
_COUNT = 0xFFFF
UNASKED = 1 << 30
"""More often than anything is counted."""
STEEPEST = 0.5
_PRIOR, _PRIOR_COUNT = 1.0, 4.0
_TRIFLE = 5.0 * PER_DOUBLING
"""A deviation to one side that is under a 32nd of the usual large ones to the other is none: the level
of a noiseless square wave creeps, and its creeping must not count."""
_TO_DECADES = 1.0 / math.log(10.0)


def size(deviation: float) -> float:
    """The logarithmic size of a deviation, in bins; NONE for no deviation."""
    if not deviation > 0.0:
        return NONE
    if cython.compiled:
        return PER_DOUBLING * log2(deviation)  # noqa: F821 - baseline_tail.pxd
    return PER_DOUBLING * math.log2(deviation)


class Tail:
    """Counts of logarithmic sizes. `total` is their sum.

    `foot` is the size that the largest 2 % reach, `_above` how many they are; both follow from the
    counts and are looked for again only when they may have changed.
    """

    __slots__ = ("_above", "_bins", "_foot", "total")

    def __init__(self) -> None:
        # A bin is key << 16 | count, in rising order: half the memory of two arrays, one look-up.
        self._bins = array("i")
        self.total = 0
        self._foot, self._above = NONE, 0

    def add(self, at_size: float) -> None:
        """Count one deviation of this size."""
        key = int(at_size // 1.0)
        bins, packed = self._bins, key * (_COUNT + 1)
        count = len(bins)
        if cython.compiled:
            data = bins.data.as_ints
            place = 0
            while place < count and data[place] < packed:
                place += 1
        else:
            data = bins
            place = bisect_left(bins, packed)
        if place < count and data[place] >> 16 == key:
            data[place] += 1
        else:
            bins.insert(place, packed | 1)
            if len(bins) > KEYS:
                bins[1] += bins[0] & _COUNT
                del bins[0]
        self.total += 1
        if key >= self._foot:
            self._above = 0
        if self.total >= MEMORY:
            self._halve()

    def foot(self) -> int:
        """The size that the largest 2 % reach; NONE for an empty tail."""
        need = _SHARE * self.total
        if need < FEWEST:
            need = FEWEST
        if self._above >= need:
            return self._foot
        above, foot = 0, NONE
        bins = self._bins
        if cython.compiled:
            data = bins.data.as_ints
        else:
            data = bins
        for place in range(len(bins) - 1, -1, -1):
            packed = data[place]
            above += packed & _COUNT
            foot = packed >> 16
            if above >= need:
                break
        self._foot, self._above = foot, above
        return foot

    def decades(self, at_size: float, known: int = UNASKED, steepest: float = STEEPEST) -> float:
        """How rare a deviation of at least this size is: 3 is one in a thousand. 0 if common.

        `steepest` is the least mean excess, in bins, that the tail is believed to have. A size seen
        `known` times is no rarer than that; slow deviations count themselves many times over as they
        grow, so for them it is not asked. The answer
        is never more than twice what the number of sizes counted could show directly.
        """
        foot = self.foot()
        if at_size <= foot or self.total < FEWEST:
            return 0.0
        above, excess, like = 0, 0, 0
        bins = self._bins
        if cython.compiled:
            data = bins.data.as_ints
        else:
            data = bins
        for place in range(len(bins) - 1, -1, -1):
            packed = data[place]
            key, count = packed >> 16, packed & _COUNT
            if key < foot:
                break
            above += count
            if key > at_size - 1.0:
                like = above
            excess += count * min(key - foot, _FARTHEST)
        # Half a bin, because a key is the lower edge of its bin.
        mean = (excess + 0.5 * above + _PRIOR * _PRIOR_COUNT) / (above + _PRIOR_COUNT)
        evidence = math.log(self.total + 1)
        rare = evidence - math.log(above) + (at_size - foot) / max(mean, steepest)
        # What was seen a few times is no rarer than that, whatever the law fitted says.
        most = 2.0 * evidence if like < known else evidence - math.log(like)
        return min(rare, most) * _TO_DECADES

    def _halve(self) -> None:
        kept = [p - (p & _COUNT) + ((p & _COUNT) >> 1) for p in self._bins if p & _COUNT > 1]
        self._bins = array("i", kept)
        self.total = sum(packed & _COUNT for packed in kept)
        self._above = 0

    def dump(self) -> list[int]:
        """As a plain list: each bin as key * 65536 + count."""
        return self._bins.tolist()

    @staticmethod
    def load(plain: list[int]) -> Tail:
        """The inverse of `dump`."""
        tail = Tail()
        tail._bins = array("i", plain)
        tail.total = sum(packed & _COUNT for packed in plain)
        return tail


class Sides:
    """Deviations upward and downward apart: what often leaps up may still never fall."""

    __slots__ = ("down", "up")

    def __init__(self) -> None:
        self.up = Tail()
        self.down = Tail()

    def add(self, deviation: float, at_size: float) -> None:
        """Count one signed deviation; its size is given because `decades` needed it already."""
        (self.up if deviation >= 0.0 else self.down).add(at_size)

    def decades(
        self, deviation: float, at_size: float, known: int = UNASKED, steepest: float = STEEPEST
    ) -> float:
        """How rare it is on its side; by the other side's measure when its own is nearly empty."""
        own, other = (self.up, self.down) if deviation >= 0.0 else (self.down, self.up)
        rare = (own if own.total >= FEWEST else other).decades(at_size, known, steepest)
        if rare > 1.0 and at_size < other.foot() - _TRIFLE:
            return 0.0
        return rare

    def dump(self) -> list[Any]:
        """As plain lists."""
        return [self.up.dump(), self.down.dump()]

    @staticmethod
    def load(plain: list[Any]) -> Sides:
        """The inverse of `dump`."""
        sides = Sides()
        sides.up, sides.down = Tail.load(plain[0]), Tail.load(plain[1])
        return sides
