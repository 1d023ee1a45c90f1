"""Sliding windows in event time: readings one by one while they may still be revised, then buckets.

A window looks at the readings its sensor still holds singly (core/history.py) and, beyond those, at
its own buckets: at most 61 of them, each a 60th of the span. A bucket leaves when its newest reading
does, so a window over buckets reaches at most a 60th of its span too far back; where readings are
further apart than a bucket is wide, and wherever the window needs no buckets, it is exact. Sums are
added up anew each time they matter: a running sum would never forget the rounding left behind by one
absurd value. When they need not be is core/quiet.py's.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Aggregate = Literal["sum", "mean", "min", "max", "count", "delta"]

BUCKETS = 60
LARGEST = 1.7e308
"""Aggregates are clamped to this: the sum of two finite values may not be finite."""


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """What a window adds up: `span_s` seconds before a reading, not judged below `min_count`."""

    aggregate: Aggregate
    span_s: float
    min_count: int = 1

    @property
    def inside(self) -> bool:
        """Whether the aggregate lies between the least and the largest reading."""
        return self.aggregate in ("mean", "min", "max")

    @property
    def counted(self) -> bool:
        """Whether it matters how many readings a bucket stands for."""
        return self.aggregate in ("mean", "count") or self.min_count > 1

    def needless(self, value: float) -> bool:
        """Whether a reading adds nothing; dry weather is most weather."""
        return value == 0 and self.aggregate == "sum" and not self.counted


class Buckets:
    """What one window of one sensor remembers of readings that are no longer held singly."""

    __slots__ = ("ats", "counts", "spec", "totals")

    def __init__(self, spec: WindowSpec) -> None:
        self.spec = spec
        self.ats = array("d")
        self.totals = array("d")
        self.counts = array("d") if spec.counted else None

    def add(self, at: float, value: float, oldest: float) -> None:
        """Take over a reading, in time order; forget what is older than `oldest`."""
        spec, ats, totals, counts = self.spec, self.ats, self.totals, self.counts
        gone = bisect_right(ats, oldest)
        if gone:
            del ats[:gone], totals[:gone]
            if counts is not None:
                del counts[:gone]
        if spec.needless(value):
            return
        if ats and _slice(ats[-1], spec.span_s) == _slice(at, spec.span_s):
            totals[-1] = _merge(spec.aggregate, totals[-1], value)
            ats[-1] = at
            if counts is not None:
                counts[-1] += 1
            return
        ats.append(at)
        totals.append(value)
        if counts is not None:
            counts.append(1)

    def dump(self) -> list[Any]:
        """As plain values."""
        counts = None if self.counts is None else self.counts.tobytes()
        spec = self.spec
        return [spec.aggregate, spec.span_s, self.ats.tobytes(), self.totals.tobytes(), counts]

    @staticmethod
    def load(spec: WindowSpec, plain: list[Any]) -> Buckets | None:
        """The inverse of `dump`; None when the rule has since come to ask for something else."""
        aggregate, span_s, ats, totals, counts = plain[:5]  # format 2 had bounds behind them
        if (aggregate, span_s) != (spec.aggregate, spec.span_s) or ats is None:
            return None
        buckets = Buckets(spec)
        buckets.ats, buckets.totals = array("d", ats), array("d", totals)
        buckets.counts = None if counts is None else array("d", counts)
        return buckets


class View(NamedTuple):
    """What lies in a window: readings and buckets in order, how many readings that are, whether the
    first come from buckets, of which only the sum or one extreme is known; `first` is the place of
    the first reading held singly.
    """

    every: array[float]
    readings: float
    in_buckets: bool
    first: int


def view(
    spec: WindowSpec,
    buckets: Buckets | None,
    at: float,
    times: array[float],
    values: array[float],
    upto: int,
) -> View:
    """The span before `at`. `times` and `values` are held singly, the first `upto` of them count."""
    oldest = at - spec.span_s
    first = bisect_right(times, oldest, 0, upto)
    every = values[first:upto]
    count = float(upto - first)
    if first > 0 or buckets is None or not buckets.ats:
        return View(every, count, False, first)
    place = bisect_right(buckets.ats, oldest)
    old = buckets.totals[place:]
    count += sum(buckets.counts[place:]) if buckets.counts is not None else len(old)
    return View(old + every, count, bool(old), first)


def aggregated(spec: WindowSpec, seen: View) -> float | None:
    """The aggregate, in the unit of the readings; None when there are fewer than `min_count`."""
    every, count = seen.every, seen.readings
    if count < spec.min_count:
        return None
    match spec.aggregate:
        case "sum":
            return clamp(sum(every))
        case "mean":
            return clamp(sum(every)) / count
        case "min":
            return min(every)
        case "max":
            return max(every)
        case "count":
            return count
        case "delta":
            return clamp(every[-1] - every[0]) if len(every) > 1 else None


def clamp(value: float) -> float:
    """The value, or the largest of its sign."""
    return min(max(value, -LARGEST), LARGEST)


def _merge(aggregate: Aggregate, total: float, value: float) -> float:
    match aggregate:
        case "sum" | "mean":
            return clamp(total + value)
        case "min":
            return min(total, value)
        case "max":
            return max(total, value)
        case "count" | "delta":
            return total  # a bucket keeps its first reading


def _slice(at: float, span_s: float) -> int:
    return int(at * BUCKETS // span_s)
