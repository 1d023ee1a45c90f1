"""The records of a partition in the memory of the auditor.

A window holds the records above the slowest reader, and the ids of some more below.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, pairwise
from operator import attrgetter

from services.audit.core.conservation.audited_record import AuditedRecord

MIN_IDS = 2_000
"""Ids remembered of each partition: a repeat is recognised within so many records. A service that
sends a batch of its outbox again repeats no more.
"""
_MAX_IDS = MIN_IDS * 5 // 4
MAX_RECORDS = 5_000
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
        self._body_of: dict[int, int] = {}
        """The hash of the body by the hash of the id, the oldest id first: Python's own keyed
        hashes of 64 bits, which nobody outside the process can foresee.
        """

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
        self._records += map(self._marked, records)
        self.end = end
        if len(self._body_of) > _MAX_IDS:
            oldest = len(self._body_of) - MIN_IDS
            self._body_of = dict(islice(self._body_of.items(), oldest, None))

    def between(self, low: int, high: int) -> list[AuditedRecord]:
        """Return the records with an offset in [low, high)."""
        first = bisect_left(self._records, low, key=_offset)
        return self._records[first : bisect_left(self._records, high, key=_offset)]

    def empty_between(self, low: int, high: int) -> int:
        """Return how many offsets in [low, high) certainly hold no record."""
        return sum(max(0, min(high, end) - max(low, begin)) for begin, end in self._gaps)

    def delete_below(self, offset: int) -> None:
        """Delete the records below `offset`; their ids stay for a while."""
        self.start = max(self.start, min(offset, self.end))
        del self._records[: bisect_left(self._records, self.start, key=_offset)]
        self._gaps = [gap for gap in self._gaps if gap[1] > self.start]

    def _marked(self, record: AuditedRecord) -> AuditedRecord:
        """Return the record, marked as repeated if its id is in the window."""
        if record.event_id is None:
            return record
        body, first_body = hash(record.body_hash), self._body_of.get(hash(record.event_id))
        if first_body is None:
            self._body_of[hash(record.event_id)] = body
            return record
        return replace(record, repeated=True, conflicting=first_body != body)
