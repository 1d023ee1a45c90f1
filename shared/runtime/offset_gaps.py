"""Records that are gone: on a topic that is not compacted none is passed over in silence.

The offsets that a transaction leaves without a record (an end mark, aborted records) are known from
the batches (shared/runtime/fetching/fetch_states.py). Any other gap is fetched once more. When it
is still there, the partition is blocked until a person accepts the gap, and other partitions go on.
A log that was cut off or created anew blocks a partition likewise (log_checks.py), and so does a
bug that makes too many dead letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog
from aiokafka import TopicPartition

from shared.contracts.topics import TopicSpec
from shared.runtime.fetching.fetch_states import FetchState
from shared.runtime.record_runs import RecordList, RecordRun

log = structlog.get_logger("fenghuo.gaps")


class GapKind(StrEnum):
    """The reasons why a partition cannot go on: records are gone, or a record meets a bug."""

    MISSING = "missing"
    OVERTAKEN = "overtaken"
    TRUNCATED = "truncated"
    REPLACED = "replaced"
    UNREADABLE = "unreadable"
    BUG = "bug"


_SENTENCES = {
    GapKind.MISSING: "records of {place} are missing from {offset} on",
    GapKind.OVERTAKEN: "records of {place} from {offset} on were deleted before they were handled",
    GapKind.TRUNCATED: "{place} ends before our offset {offset}: its last records were lost, or "
    "the topic was created anew",
    GapKind.REPLACED: "{place} holds another record before our offset {offset}: its last records "
    "were lost, or the topic was created anew",
    GapKind.UNREADABLE: "the record of {place} at {offset} cannot be read",
    GapKind.BUG: "{place} stands at offset {offset}: a bug has made too many dead letters in a "
    "minute",
}


@dataclass(frozen=True, slots=True)
class BlockingGap:
    """The reason why a partition stands at an offset, until a person accepts the reason."""

    partition: TopicPartition
    kind: GapKind
    offset: int

    @property
    def reason(self) -> str:
        """One sentence for people."""
        return _SENTENCES[self.kind].format(place=_place(self.partition), offset=self.offset)


class OffsetGaps:
    """The gaps in the partitions of one consumer."""

    def __init__(self, topics: Sequence[TopicSpec]) -> None:
        self._compacted = {spec.name for spec in topics if spec.cleanup == "compact"}
        self._fetched_again: dict[TopicPartition, int] = {}
        self._blocked: dict[TopicPartition, BlockingGap] = {}

    def is_compacted(self, partition: TopicPartition) -> bool:
        """Return whether gaps are ordinary in the partition."""
        return partition.topic in self._compacted

    def split(
        self, run: RecordRun, expected: int, state: FetchState
    ) -> tuple[RecordRun | None, int | None]:
        """Return the part of a run that follows `expected` without a gap, None when there is no
        part.

        The second value is the first missing offset, None without a gap.
        """
        missing = run.next_offset - expected - run.count
        if missing <= 0 or run.topic in self._compacted:
            return run, None
        if missing <= state.count_empty(expected, run.next_offset):
            return run, None
        records: list[Any] = []
        for record in run.records():
            if record.offset - expected > state.count_empty(expected, record.offset):
                break
            records.append(record)
            expected = record.offset + 1
        return RecordList(records) if records else None, expected

    def note(self, partition: TopicPartition, missing: int, arrived: int | None) -> bool:
        """Note a gap; return whether it was fetched once more already and now blocks its partition.

        `arrived`: the offset of the record that came instead, None without a record.
        """
        if self._fetched_again.get(partition) != missing:
            self._fetched_again[partition] = missing
            log.warning("gap", place=_place(partition), missing=missing, seen=arrived)
            return False
        self.block(BlockingGap(partition, GapKind.MISSING, missing))
        return True

    def block(self, gap: BlockingGap) -> None:
        """Let a gap block its partition."""
        self._blocked[gap.partition] = gap
        log.error("partition_blocked", place=_place(gap.partition), why=gap.reason)

    def blocking(self) -> list[BlockingGap]:
        """Return the gaps that block a partition."""
        return [gap for _, gap in sorted(self._blocked.items())]

    def gap_of(self, partition: TopicPartition) -> BlockingGap | None:
        """Return the gap that blocks the partition, None without one."""
        return self._blocked.get(partition)

    def blocks(self, partition: TopicPartition) -> bool:
        """Return whether a gap blocks the partition."""
        return partition in self._blocked

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget the gaps of partitions that are assigned anew or belong to another member."""
        for partition in partitions:
            self._fetched_again.pop(partition, None)
            self._blocked.pop(partition, None)

    def reasons(self) -> list[str]:
        """Return one sentence for each partition that is blocked."""
        return [gap.reason for gap in self.blocking()]


def _place(partition: TopicPartition) -> str:
    return f"{partition.topic}:{partition.partition}"
