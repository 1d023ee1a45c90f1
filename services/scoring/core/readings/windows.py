"""Sliding windows in event time: single readings while revisions are possible, then buckets.

A window covers the single readings of its sensor (core/readings/history.py) and, further back, its
own buckets: at most 61, each a 60th of the span. A bucket leaves the window together with its
newest reading, and a window over buckets reaches back at most a 60th of the span too far. A window
is exact where readings are further apart than a bucket is wide, and wherever there are no buckets.
Sums are added up anew each time: a running sum would keep the rounding error of an absurd value for
ever. fastpath/bounds.py knows when a sum need not be added up.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Aggregate = Literal["sum", "mean", "min", "max", "count", "delta"]

BUCKETS = 60
LARGEST = 1.7e308
"""Aggregates are limited to this size: the sum of two finite values may not be finite."""


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """A window: `span_s` seconds before a reading, not evaluated below `min_count` readings."""

    aggregate: Aggregate
    span_s: float
    min_count: int = 1

    @property
    def inside(self) -> bool:
        """Return whether the aggregate lies between the least and the largest reading."""
        return self.aggregate in ("mean", "min", "max")

    @property
    def counted(self) -> bool:
        """Return whether the number of readings in a bucket matters."""
        return self.aggregate in ("mean", "count") or self.min_count > 1

    def is_needless(self, value: float) -> bool:
        """Return whether a reading adds nothing: most weather is dry weather."""
        return value == 0 and self.aggregate == "sum" and not self.counted


class WindowBuckets:
    """The older readings of a window of a sensor, no longer kept as single readings."""

    __slots__ = ("ats", "counts", "spec", "totals")

    def __init__(self, spec: WindowSpec) -> None:
        self.spec = spec
        self.ats = array("d")
        self.totals = array("d")
        self.counts = array("d") if spec.counted else None

    def add(self, at: float, value: float, oldest: float) -> None:
        """Add a reading in time order; remove buckets older than `oldest`."""
        spec, ats, totals, counts = self.spec, self.ats, self.totals, self.counts
        expired = bisect_right(ats, oldest)
        if expired:
            del ats[:expired], totals[:expired]
            if counts is not None:
                del counts[:expired]
        if spec.is_needless(value):
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
        """Return the buckets as plain values."""
        counts = None if self.counts is None else self.counts.tobytes()
        spec = self.spec
        return [spec.aggregate, spec.span_s, self.ats.tobytes(), self.totals.tobytes(), counts]

    @staticmethod
    def load(spec: WindowSpec, plain: list[Any]) -> WindowBuckets | None:
        """Return the buckets that `dump` has given these values for.

        None means that the rule has another aggregate or span by now.
        """
        aggregate, span_s, ats, totals, counts = plain[:5]  # format 2 has bounds at the end
        if (aggregate, span_s) != (spec.aggregate, spec.span_s) or ats is None:
            return None
        buckets = WindowBuckets(spec)
        buckets.ats, buckets.totals = array("d", ats), array("d", totals)
        buckets.counts = None if counts is None else array("d", counts)
        return buckets


class WindowView(NamedTuple):
    """The content of a window: values of buckets and readings in order.

    `reading_count` is the number of readings. `in_buckets` is True when the first values come from
    buckets, with only the sum or an extreme known. `first` is the place of the first single
    reading.
    """

    values: array[float]
    reading_count: float
    in_buckets: bool
    first: int


def view_of(
    spec: WindowSpec,
    buckets: WindowBuckets | None,
    at: float,
    times: array[float],
    values: array[float],
    upto: int,
) -> WindowView:
    """Return the span before `at`; of the single readings the first `upto` count."""
    oldest = at - spec.span_s
    first = bisect_right(times, oldest, 0, upto)
    content = values[first:upto]
    count = float(upto - first)
    if first > 0 or buckets is None or not buckets.ats:
        return WindowView(content, count, False, first)
    place = bisect_right(buckets.ats, oldest)
    old = buckets.totals[place:]
    count += sum(buckets.counts[place:]) if buckets.counts is not None else len(old)
    return WindowView(old + content, count, bool(old), first)


def aggregate_of(spec: WindowSpec, view: WindowView) -> float | None:
    """Return the aggregate in the unit of the readings; None below `min_count` readings."""
    values, count = view.values, view.reading_count
    if count < spec.min_count:
        return None
    match spec.aggregate:
        case "sum":
            return clamp(sum(values))
        case "mean":
            return clamp(sum(values)) / count
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "count":
            return count
        case "delta":
            return clamp(values[-1] - values[0]) if len(values) > 1 else None


def clamp(value: float) -> float:
    """Return the value, limited to LARGEST on either side."""
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
