"""The rarity of a deviation: an empirical tail without an assumed shape.

Sizes are counted in logarithmic bins, four to a doubling: a single structure serves microns and
megabytes, and an absurd value costs a bin. Beyond the largest counted size the largest 2 % are
extrapolated as a power law. Its slope is Hill's estimate (B. M. Hill, 1975), drawn towards a
cautious prior while the sizes are few: heavy-tailed sensors earn wide limits and calm sensors
narrow limits without any setting. There are at most 16 bins; the smallest two are merged, since
only large sizes matter.
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
"""All counts are halved when this many sizes are counted: older sizes have less weight."""
FEWEST = 8
_SHARE = 0.02
_FARTHEST = 10 * PER_DOUBLING
"""An absurd value counts as a thousandfold: it must not make every later value look usual."""
_COUNT = 0xFFFF
NEVER_COMMON = 1 << 30
"""A count above every count."""
STEEPEST = 0.5
_PRIOR, _PRIOR_COUNT = 1.0, 4.0
_TRIFLE = 5.0 * PER_DOUBLING
"""A deviation to one side under a 32nd of the usual large deviations to the opposite side is none:
the level of a noiseless square wave creeps, and the creeping must not count."""
_TO_DECADES = 1.0 / math.log(10.0)


def size(deviation: float) -> float:
    """Return the logarithmic size of a deviation in bins; NONE for no deviation."""
    if not deviation > 0.0:
        return NONE
    if cython.compiled:
        return PER_DOUBLING * log2(deviation)  # noqa: F821 - baseline.tail.pxd
    return PER_DOUBLING * math.log2(deviation)


class Tail:
    """Counts of logarithmic sizes. `total` is their sum.

    `_foot` is the size that the largest 2 % reach, and `_above` is their number. Both follow from
    the counts and are computed again only when they may have changed.
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
        """Return the size that the largest 2 % reach; NONE for an empty tail."""
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

    def decades(
        self, at_size: float, common: int = NEVER_COMMON, steepest: float = STEEPEST
    ) -> float:
        """Return the rarity of a deviation of at least this size: 3 is one in a thousand.

        0 means common. `steepest` is the least mean excess in bins that the tail is taken to have.
        A size counted `common` times is no rarer than its count; a slow deviation counts itself
        many times as it grows, so the count is not used for it. The result is never more than twice
        the rarity that the number of counted sizes could show directly.
        """
        foot = self.foot()
        if at_size <= foot or self.total < FEWEST:
            return 0.0
        above, excess, as_large = 0, 0, 0
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
                as_large = above
            excess += count * min(key - foot, _FARTHEST)
        # Half a bin, because a key is the lower edge of its bin.
        mean = (excess + 0.5 * above + _PRIOR * _PRIOR_COUNT) / (above + _PRIOR_COUNT)
        evidence = math.log(self.total + 1)
        rare = evidence - math.log(above) + (at_size - foot) / max(mean, steepest)
        # A size that occurred a few times is no rarer than its count, whatever the fitted law
        # gives.
        most = 2.0 * evidence if as_large < common else evidence - math.log(as_large)
        return min(rare, most) * _TO_DECADES

    def _halve(self) -> None:
        halved = [p - (p & _COUNT) + ((p & _COUNT) >> 1) for p in self._bins if p & _COUNT > 1]
        self._bins = array("i", halved)
        self.total = sum(packed & _COUNT for packed in halved)
        self._above = 0

    def dump(self) -> list[int]:
        """Return the bins as a plain list, each as key * 65536 + count."""
        return self._bins.tolist()

    @staticmethod
    def load(plain: list[int]) -> Tail:
        """Return the tail or tails that `dump` has given this list for."""
        tail = Tail()
        tail._bins = array("i", plain)
        tail.total = sum(packed & _COUNT for packed in plain)
        return tail


class Sides:
    """Deviations upward and downward apart: a sensor that often leaps up may never fall."""

    __slots__ = ("down", "up")

    def __init__(self) -> None:
        self.up = Tail()
        self.down = Tail()

    def add(self, deviation: float, at_size: float) -> None:
        """Count one signed deviation; the caller knows its size from `decades`."""
        (self.up if deviation >= 0.0 else self.down).add(at_size)

    def decades(
        self,
        deviation: float,
        at_size: float,
        common: int = NEVER_COMMON,
        steepest: float = STEEPEST,
    ) -> float:
        """Return the rarity on the deviation's side, or on the opposite side if few are counted."""
        side, opposite = (self.up, self.down) if deviation >= 0.0 else (self.down, self.up)
        tail = side if side.total >= FEWEST else opposite
        rare = tail.decades(at_size, common, steepest)
        if rare > 1.0 and at_size < opposite.foot() - _TRIFLE:
            return 0.0
        return rare

    def dump(self) -> list[Any]:
        """Return both tails as plain lists."""
        return [self.up.dump(), self.down.dump()]

    @staticmethod
    def load(plain: list[Any]) -> Sides:
        """Return the tail or tails that `dump` has given this list for."""
        sides = Sides()
        sides.up, sides.down = Tail.load(plain[0]), Tail.load(plain[1])
        return sides
