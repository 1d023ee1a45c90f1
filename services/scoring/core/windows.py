"""Sliding windows in event time: readings one by one while they may still be revised, then buckets.

A window looks at the readings its sensor still holds singly (core/history.py) and, beyond those, at
its own buckets: at most 61 of them, each a 60th of the span. A bucket leaves when its newest reading
does, so a window over buckets reaches at most a 60th of its span too far back; where readings are
further apart than a bucket is wide, and wherever the window needs no buckets, it is exact. Sums are
added up anew each time they matter: a running sum would never forget the rounding left behind by one
absurd value.

Most of the time nothing needs adding up. While every reading of the window lies strictly inside the
band in which the alarm would not change, so do mean, smallest and largest; `outside_at` is when one
last did not. Rain only falls upwards: while what has been added since the last sum cannot reach the
next rung, the sum cannot either (`headroom`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

Aggregate = Literal["sum", "mean", "min", "max", "count", "delta"]

BUCKETS = 60
LARGEST = 1.7e308
"""Aggregates are clamped to this: the sum of two finite values may not be finite."""
_INSIDE = frozenset({"mean", "min", "max"})


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """What a window adds up: `span_s` seconds before a reading, not judged below `min_count`."""

    aggregate: Aggregate
    span_s: float
    min_count: int = 1


class Window:
    """One window of one sensor. `low` and `high` bound the aggregates that change nothing."""

    __slots__ = (
        *("ats", "by_value", "counts", "headroom", "high", "low", "outside_at", "span_s", "spec"),
        "totals",
    )

    def __init__(self, spec: WindowSpec) -> None:
        self.spec = spec
        self.span_s = spec.span_s
        self.by_value = spec.aggregate in _INSIDE
        self.ats: array[float] | None = None
        self.totals: array[float] | None = None
        self.counts: array[float] | None = None
        self.low, self.high = inf, -inf
        self.outside_at = inf
        self.headroom = -inf

    def quiet(self, at: float, value: float) -> bool:
        """Whether this newest reading certainly changes nothing; counts it when it does not.

        Called for every reading in time order; False = `value_at` has to be asked.
        """
        if self.by_value:
            if self.low < value < self.high:
                return at - self.outside_at >= self.span_s
            self.outside_at = at
            return False
        if value >= 0:
            self.headroom -= value
            return self.headroom > 0
        return False

    def band(self, low: float, high: float) -> None:
        """Aggregates strictly between the two change nothing; what was known so far is void."""
        self.low, self.high = low, high
        self.outside_at = inf
        self.headroom = -inf

    def add(self, at: float, value: float, oldest: float) -> None:
        """Take over a reading that is no longer held singly, in time order; forget before `oldest`."""
        spec = self.spec
        if self.ats is None:
            self.ats, self.totals = array("d"), array("d")
            counted = spec.aggregate in ("mean", "count") or spec.min_count > 1
            self.counts = array("d") if counted else None
        ats, totals, counts = self.ats, self.totals, self.counts
        assert totals is not None
        gone = bisect_right(ats, oldest)
        if gone:
            del ats[:gone], totals[:gone]
            if counts is not None:
                del counts[:gone]
        if value == 0 and spec.aggregate == "sum" and counts is None:
            return  # adds nothing, and dry weather is most weather
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

    def value_at(
        self, at: float, times: array[float], values: array[float], upto: int
    ) -> float | None:
        """The aggregate over the span before `at`, in the unit of the readings.

        `times` and `values` are the readings held singly, of which the first `upto` count. None when
        there are fewer than `min_count`.
        """
        oldest = at - self.spec.span_s
        first = bisect_right(times, oldest, 0, upto)
        every = values[first:upto]
        count = float(upto - first)
        in_buckets = False
        if first == 0 and self.ats:
            place = bisect_right(self.ats, oldest)
            assert self.totals is not None
            old = self.totals[place:]
            count += sum(self.counts[place:]) if self.counts is not None else len(old)
            in_buckets = bool(old)
            every = old + every
        found = None
        if count >= self.spec.min_count:
            found = _aggregate(self.spec.aggregate, every, count)
        self._note(at, values[upto - 1], every, found, in_buckets)
        return found

    def _note(
        self, at: float, value: float, every: array[float], found: float | None, in_buckets: bool
    ) -> None:
        """What can be said of the readings to come, now that all in the window have been seen."""
        aggregate, low, high = self.spec.aggregate, self.low, self.high
        if aggregate in _INSIDE:
            # Of a bucket only the sum or one extreme is known.
            known = (
                not in_buckets
                or (aggregate == "max" and low == -inf)
                or (aggregate == "min" and high == inf)
            )
            if known and low < min(every) and max(every) < high:
                self.outside_at = -inf
            elif self.outside_at == inf or not low < value < high:
                self.outside_at = at
        elif aggregate == "sum":
            rising = found is not None and low == -inf and min(every, default=0.0) >= 0
            self.headroom = high - (found or 0.0) if rising else -inf

    def dump(self) -> list[Any]:
        """As plain values."""
        return [
            self.spec.aggregate,
            self.spec.span_s,
            _bytes(self.ats),
            _bytes(self.totals),
            _bytes(self.counts),
            self.low,
            self.high,
            self.outside_at,
            self.headroom,
        ]

    @staticmethod
    def load(spec: WindowSpec, plain: list[Any]) -> Window:
        """The inverse of `dump`; empty when the rule has since come to ask for something else."""
        window = Window(spec)
        aggregate, span_s, *plain = plain
        if (aggregate, span_s) != (spec.aggregate, spec.span_s):
            return window
        ats, totals, counts, window.low, window.high, window.outside_at, window.headroom = plain
        window.ats, window.totals, window.counts = _array(ats), _array(totals), _array(counts)
        return window


def clamp(value: float) -> float:
    """The value, or the largest of its sign."""
    return min(max(value, -LARGEST), LARGEST)


def _aggregate(aggregate: Aggregate, every: array[float], count: float) -> float | None:
    match aggregate:
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


def _bytes(column: array[float] | None) -> bytes | None:
    return None if column is None else column.tobytes()


def _array(raw: bytes | None) -> array[float] | None:
    return None if raw is None else array("d", raw)
