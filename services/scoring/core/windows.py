"""Sliding windows in event time, bounded whatever the sensor's rate.

A window is at most 62 buckets, each a 60th of it. Where readings are further apart than a bucket is
wide, every bucket holds one reading and the window is exact; else its far edge is off by at most a
60th. Aggregates are computed from the buckets each time: a running sum would never forget the
rounding left behind by one absurd value, and would differ after a restore.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal

Aggregate = Literal["sum", "mean", "min", "max", "delta"]

BUCKETS = 60
LARGEST = 1.7e308
"""Aggregates are clamped to this: the sum of two finite values may not be finite."""
_key = attrgetter("key")


@dataclass(slots=True)
class Bucket:
    """Readings whose event time lies in one slice of the window."""

    key: int
    count: int
    total: float
    least: float
    most: float
    first_at: float
    first: float
    last_at: float
    last: float


@dataclass(slots=True)
class Window:
    """The last `span_s` seconds before the newest reading."""

    span_s: float
    buckets: list[Bucket] = field(default_factory=list)

    def add(self, at: float, value: float, newest: float) -> bool:
        """Take a reading in, in time or late; False when it is older than the window or a repeat.

        The same value at the same instant is a repeat of a bucket's first or last reading: ids are
        remembered for four readings only, and a re-sent batch may reach further back.
        """
        oldest = newest - self.span_s
        buckets = self.buckets
        while buckets and buckets[0].last_at <= oldest:
            del buckets[0]
        if at <= oldest:
            return False
        key = int(at * BUCKETS // self.span_s)
        if not buckets or buckets[-1].key < key:
            buckets.append(Bucket(key, 1, value, value, value, at, value, at, value))
            return True
        place = bisect_left(buckets, key, key=_key)
        if place == len(buckets) or buckets[place].key != key:
            buckets.insert(place, Bucket(key, 1, value, value, value, at, value, at, value))
            return True
        found = buckets[place]
        if (at, value) in ((found.first_at, found.first), (found.last_at, found.last)):
            return False
        found.count += 1
        found.total = clamp(found.total + value)
        found.least = min(found.least, value)
        found.most = max(found.most, value)
        if at < found.first_at:
            found.first_at, found.first = at, value
        if at >= found.last_at:
            found.last_at, found.last = at, value
        return True

    def value(self, aggregate: Aggregate) -> float | None:
        """The aggregate now; None when there are too few readings for it."""
        buckets = self.buckets
        if not buckets:
            return None
        if aggregate == "min":
            return min(bucket.least for bucket in buckets)
        if aggregate == "max":
            return max(bucket.most for bucket in buckets)
        if aggregate == "delta":
            first, last = buckets[0], buckets[-1]
            return clamp(last.last - first.first) if last.last_at > first.first_at else None
        total = clamp(sum(bucket.total for bucket in buckets))
        if aggregate == "sum":
            return total
        return total / sum(bucket.count for bucket in buckets)

    def dump(self) -> list[Any]:
        """As plain lists."""
        rows = [
            [b.key, b.count, b.total, b.least, b.most, b.first_at, b.first, b.last_at, b.last]
            for b in self.buckets
        ]
        return [self.span_s, rows]

    @staticmethod
    def load(plain: list[Any]) -> Window:
        """The inverse of `dump`."""
        span_s, rows = plain
        return Window(span_s, [Bucket(*row) for row in rows])


def clamp(value: float) -> float:
    """The value, or the largest of its sign."""
    return min(max(value, -LARGEST), LARGEST)
