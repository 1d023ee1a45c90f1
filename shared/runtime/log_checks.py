"""Checks of the log against the stored offsets of a consumer, with answers of a second client.

At assignment, and every few seconds from then on: the log may end before our offset (it was cut
off, or the topic is new), may begin after it (retention was faster than the reader), or may hold
another record where our last one was. The anchor of a partition is a stored offset of some seconds
ago: a log that has lost its end and grown past our offset again differs there.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from aiokafka import TopicPartition

from shared.runtime.clock import Clock, record_time
from shared.runtime.log_client import LogClient, LogRange
from shared.runtime.offset_gaps import BlockingGap, GapKind, OffsetGaps
from shared.runtime.stored_offsets import StoredOffset, fingerprint

_COMPARISONS = 64
"""The most partitions whose records are read in one round."""
SILENT_AFTER_S = 30.0
"""Without an answer about the ends for so long, nobody knows whether the consumer is behind."""


class LogChecks:
    """The knowledge of a second client about the partitions of one consumer."""

    def __init__(self, client: LogClient, gaps: OffsetGaps, clock: Clock) -> None:
        self.client = client
        self.ends: dict[TopicPartition, int] = {}
        self.answered_at: dict[TopicPartition, float] = {}
        """When Kafka last told the end of a partition, by a monotonic clock."""
        self._gaps = gaps
        self._clock = clock
        self._answered_at = time.monotonic()
        self._anchors: dict[TopicPartition, StoredOffset] = {}
        self._read_at: dict[TopicPartition, float] = {}
        self._oldest: dict[TopicPartition, tuple[int, datetime]] = {}

    def ready(self) -> str | None:
        """Return None while Kafka answers, else the reason for /readyz."""
        if time.monotonic() - self._answered_at > SILENT_AFTER_S:
            return "Kafka does not answer where its partitions end"
        return None

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget partitions that are assigned anew or belong to another member."""
        for partition in partitions:
            for table in (
                *(self.ends, self.answered_at),
                *(self._anchors, self._read_at, self._oldest),
            ):
                table.pop(partition, None)

    def age_s(self, partition: TopicPartition, next_offset: int) -> float:
        """Return the age of the record that a round has found as the next; 0 once it is handled."""
        offset, record_taken_at = self._oldest.get(partition, (-1, None))
        if record_taken_at is None or offset < next_offset:
            return 0.0
        return max(0.0, (self._clock.now() - record_taken_at).total_seconds())

    async def ranges(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, LogRange]:
        """Ask for the ranges of these partitions and note the ends; raises Transient."""
        ranges = await self.client.ranges(partitions)
        self._answered_at = now = time.monotonic()
        self.answered_at.update(dict.fromkeys(ranges, now))
        self.ends.update((partition, log_range.end) for partition, log_range in ranges.items())
        return ranges

    async def compare(
        self,
        stored: Mapping[TopicPartition, StoredOffset],
        ranges: Mapping[TopicPartition, LogRange],
    ) -> list[BlockingGap]:
        """Return the gaps between stored offsets and their logs; raises Transient."""
        gaps = [
            BlockingGap(partition, kind, position.next_offset)
            for partition, position in stored.items()
            if (kind := self._range_gap(partition, position, ranges[partition])) is not None
        ]
        blocked = {gap.partition for gap in gaps}
        in_range = {partition: stored[partition] for partition in stored.keys() - blocked}
        return gaps + [
            BlockingGap(partition, GapKind.REPLACED, stored[partition].next_offset)
            for partition in await self._replaced(in_range, ranges)
        ]

    async def round(
        self, stored: Mapping[TopicPartition, StoredOffset], urgent: Collection[TopicPartition] = ()
    ) -> dict[TopicPartition, BlockingGap | None]:
        """Compare the log with the stored offsets; return the result of each compared partition.

        A partition is compared when its end or its offset has moved or a gap blocks it: the urgent
        ones first, some in each round. Raises Transient.
        """
        ends = dict(self.ends)
        ranges = await self.ranges(stored)
        results: dict[TopicPartition, BlockingGap | None] = {}
        moved: list[TopicPartition] = []
        for partition, log_range in ranges.items():
            position = stored[partition]
            kind = self._range_gap(partition, position, log_range)
            if kind is not None:
                results[partition] = BlockingGap(partition, kind, position.next_offset)
            elif (
                partition in urgent
                or self._gaps.blocks(partition)
                or log_range.end not in (ends.get(partition), position.next_offset)
                or self._anchors.get(partition) != position
            ):
                moved.append(partition)
        moved.sort(key=lambda tp: (tp not in urgent, self._read_at.get(tp, 0.0)))
        compared = {tp: stored[tp] for tp in moved[: max(_COMPARISONS, len(urgent))]}
        await self._note_oldest(compared, ranges)
        anchors = {tp: self._anchors.setdefault(tp, stored[tp]) for tp in compared}
        replaced = await self._replaced(anchors, ranges)
        for partition, position in compared.items():
            self._read_at[partition] = time.monotonic()
            if partition in replaced:
                gap = BlockingGap(partition, GapKind.REPLACED, position.next_offset)
                results[partition] = gap
            else:
                results[partition] = None
                self._anchors[partition] = position
        return results

    def _range_gap(
        self, partition: TopicPartition, stored: StoredOffset, log_range: LogRange
    ) -> GapKind | None:
        if stored.next_offset > log_range.end:
            return GapKind.TRUNCATED
        # Compaction deletes only what a newer record of the same key overwrites.
        if 0 < stored.next_offset < log_range.begin and not self._gaps.is_compacted(partition):
            return GapKind.OVERTAKEN
        return None

    async def _replaced(
        self,
        stored: Mapping[TopicPartition, StoredOffset],
        ranges: Mapping[TopicPartition, LogRange],
    ) -> set[TopicPartition]:
        """Return the partitions with another record before the stored offset.

        A partition without a fingerprint is not among them, nor one whose record was deleted by its
        age or cannot be read now.
        """
        last = {partition: position.next_offset - 1 for partition, position in stored.items()}
        replaced = {partition for partition in last if last[partition] >= ranges[partition].end}
        readable = {
            partition: offset
            for partition, offset in last.items()
            if stored[partition].fingerprint is not None
            and ranges[partition].begin <= offset < ranges[partition].end
        }
        for partition, record in (await self.client.first_records(readable)).items():
            if record.offset != readable[partition]:
                is_replaced = not self._gaps.is_compacted(partition)
            else:
                is_replaced = fingerprint(record.value) != stored[partition].fingerprint
            if is_replaced:
                replaced.add(partition)
        return replaced

    async def _note_oldest(
        self,
        stored: Mapping[TopicPartition, StoredOffset],
        ranges: Mapping[TopicPartition, LogRange],
    ) -> None:
        """Note the time of the first record of each partition that is not handled."""
        unread = {
            partition: position.next_offset
            for partition, position in stored.items()
            if position.next_offset < ranges[partition].end
        }
        for partition, record in (await self.client.first_records(unread)).items():
            self._oldest[partition] = record.offset, record_time(record.timestamp)
