"""The records of a partition in the memory of the auditor.

A window holds the records above the slowest reader, and some more below.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter

from services.audit.core.conservation.audited_record import AuditedRecord

MIN_RECORDS = 2_000
"""Records remembered below the slowest reader: a repeat is recognised within so many records, and a
service that begins to read is audited from there."""
MAX_RECORDS = 20_000
"""Records remembered at most: while a reader does not move, its partition is not read further."""
_offset = attrgetter("offset")


class PartitionWindow:
    """Records of a partition from offset `start` up to `end`.

    Below offset `expired_below`, retention has deleted some records unread.
    """

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.expired_below = 0
        self._records: list[AuditedRecord] = []
        self._gaps: list[tuple[int, int]] = []
        self._by_id: dict[str, AuditedRecord] = {}

    @property
    def full(self) -> bool:
        """True if no more records are appended until a reader moves on."""
        return len(self._records) >= MAX_RECORDS

    def append(self, records: Sequence[AuditedRecord], end: int, empty: int = 0) -> None:
        """Append the newest records, in order; mark records as repeated whose id is in the window.

        `empty` counts the offsets up to `end` that certainly hold no record. If this number
        explains all absent offsets, the window remembers the gaps.
        """
        if 0 < end - self.end - len(records) == empty:
            edges = [self.end - 1, *(record.offset for record in records), end]
            self._gaps += [(low + 1, high) for low, high in pairwise(edges) if high - low > 1]
        for record in records:
            first = self._by_id.get(record.event_id) if record.event_id is not None else None
            if first is not None:
                conflicting = first.body_hash != record.body_hash
                self._records.append(replace(record, repeated=True, conflicting=conflicting))
                continue
            self._records.append(record)
            if record.event_id is not None:
                self._by_id[record.event_id] = record
        self.end = end

    def between(self, low: int, high: int) -> list[AuditedRecord]:
        """Return the records with an offset in [low, high)."""
        first = bisect_left(self._records, low, key=_offset)
        return self._records[first : bisect_left(self._records, high, key=_offset)]

    def empty_between(self, low: int, high: int) -> int:
        """Return how many offsets in [low, high) certainly hold no record."""
        return sum(max(0, min(high, end) - max(low, begin)) for begin, end in self._gaps)

    def delete_below(self, offset: int) -> None:
        """Delete the records below `offset`, except the last `MIN_RECORDS` of them."""
        count = bisect_left(self._records, offset, key=_offset) - MIN_RECORDS
        if count <= 0:
            return
        deleted, self._records = self._records[:count], self._records[count:]
        for record in deleted:
            if record.event_id is not None and self._by_id.get(record.event_id) is record:
                del self._by_id[record.event_id]
        self.start = deleted[-1].offset + 1
        self._gaps = [gap for gap in self._gaps if gap[1] > self.start]
