"""Offsets without a record: on a topic that is not compacted none may be passed over in silence.

What a transaction leaves behind (an end mark, aborted records) is known from the batches (walked.py). Any
other gap is fetched once more; when it is still there, the partition stands before it until a person has
looked, and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition

from shared.contracts.topics import TopicSpec
from shared.fastpath.raw_batches import Span, behind, count_of
from shared.fastpath.walked import Walk

log = structlog.get_logger("fenghuo.gaps")


class Gaps:
    """Those that one consumer has come upon."""

    def __init__(self, topics: Sequence[TopicSpec]) -> None:
        self._compacted = {spec.name for spec in topics if spec.cleanup == "compact"}
        self._fetched_again: dict[TopicPartition, int] = {}
        self._standing: dict[TopicPartition, int] = {}

    def compacted(self, partition: TopicPartition) -> bool:
        """Whether a gap in the partition means nothing."""
        return partition.topic in self._compacted

    def before(self, run: Any, expected: int, walk: Walk) -> tuple[Any, int | None]:
        """What of a run of one partition follows on `expected` without a gap, None when nothing does.

        Beside it the first offset that is missing, None when none is.
        """
        place = run if type(run) is Span else run[0]
        missing = behind(run) - expected - count_of(run)
        if missing <= 0 or place.topic in self._compacted:
            return run, None
        if missing <= walk.without_records(expected, behind(run)):
            return run, None
        results: list[Any] = []
        for record in run.opened() if type(run) is Span else run:
            if record.offset - expected > walk.without_records(expected, record.offset):
                break
            results.append(record)
            expected = record.offset + 1
        return results or None, expected

    def lasts(self, partition: TopicPartition, missing: int, seen: int | None) -> bool:
        """Whether this gap has been fetched once more already: then the partition stands before it.

        `seen`: the offset that came instead, None when none did.
        """
        if self._fetched_again.get(partition) != missing:
            self._fetched_again[partition] = missing
            log.warning("gap", place=_place(partition), missing=missing, seen=seen)
            return False
        self._standing[partition] = missing
        log.error("records_missing", place=_place(partition), missing=missing, seen=seen)
        return True

    def stands(self, partition: TopicPartition) -> bool:
        """Whether the partition stands before a gap."""
        return partition in self._standing

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """These are assigned anew, or gone."""
        for partition in partitions:
            self._fetched_again.pop(partition, None)
            self._standing.pop(partition, None)

    def troubles(self) -> list[str]:
        """One sentence for each partition that stands before a gap."""
        return [
            f"records of {_place(one)} are missing from {offset} on"
            for one, offset in sorted(self._standing.items())
        ]


def _place(partition: TopicPartition) -> str:
    return f"{partition.topic}:{partition.partition}"
