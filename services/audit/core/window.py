"""What is remembered of a partition: the records that some reader has not passed, and some before them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter

from services.audit.core.conservation import Fact

KEEP = 2_000
"""Facts kept behind the slowest reader: a repeat is recognised within so many records, and a service
that begins to read is audited from there."""
MOST = 20_000
"""Facts kept at most: a partition whose reader stands still is not read on for ever."""
_offset = attrgetter("offset")


class Window:
    """Facts of one partition from `start` up to `reached`. Below `aged`, retention has removed some."""

    def __init__(self, start: int) -> None:
        self.start = self.reached = start
        self.aged = 0
        self._facts: list[Fact] = []
        self._empty: list[tuple[int, int]] = []
        self._ids: dict[str, Fact] = {}

    @property
    def full(self) -> bool:
        """Whether nothing more is taken in before a reader moves on."""
        return len(self._facts) >= MOST

    def take(self, facts: Sequence[Fact], reached: int, empty: int = 0) -> None:
        """Add the newest facts, in order; those whose id is known here are marked as repeats.

        `empty`: how many of the offsets read over are known to hold no record. Where that explains all
        that are missing, they are remembered as empty.
        """
        if 0 < reached - self.reached - len(facts) == empty:
            edges = [self.reached - 1, *(fact.offset for fact in facts), reached]
            self._empty += [
                (before + 1, after) for before, after in pairwise(edges) if after - before > 1
            ]
        for fact in facts:
            before = self._ids.get(fact.event_id) if fact.event_id is not None else None
            if before is not None:
                conflict = before.digest != fact.digest
                self._facts.append(replace(fact, repeat=True, conflict=conflict))
                continue
            self._facts.append(fact)
            if fact.event_id is not None:
                self._ids[fact.event_id] = fact
        self.reached = reached

    def between(self, low: int, high: int) -> list[Fact]:
        """The facts in [low, high)."""
        first = bisect_left(self._facts, low, key=_offset)
        return self._facts[first : bisect_left(self._facts, high, key=_offset)]

    def empty(self, low: int, high: int) -> int:
        """How many offsets in [low, high) are known to hold no record."""
        return sum(max(0, min(high, end) - max(low, begin)) for begin, end in self._empty)

    def forget(self, below: int) -> None:
        """Drop what all readers have passed, but for the last `KEEP` facts."""
        count = bisect_left(self._facts, below, key=_offset) - KEEP
        if count <= 0:
            return
        facts, self._facts = self._facts[:count], self._facts[count:]
        for fact in facts:
            if fact.event_id is not None and self._ids.get(fact.event_id) is fact:
                del self._ids[fact.event_id]
        self.start = facts[-1].offset + 1
        self._empty = [span for span in self._empty if span[1] > self.start]
