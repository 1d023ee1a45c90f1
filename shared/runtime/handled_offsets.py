"""The offsets that a consumer has handled in each of its partitions, and what it handles next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.topics import TopicSpec
from shared.runtime.fetching import fetch_states
from shared.runtime.offset_commits import OffsetCommits
from shared.runtime.offset_gaps import OffsetGaps
from shared.runtime.record_runs import RecordList, RecordRun, partition_of_run, runs_of


class OffsetGap(NamedTuple):
    """The first missing offset of a partition; `arrived` is the offset that came instead."""

    partition: TopicPartition
    missing: int
    arrived: int


class HandledOffsets:
    """The next offset to handle of each partition that this process owns."""

    def __init__(self, topics: Sequence[TopicSpec], commits: OffsetCommits) -> None:
        self.next_offsets: dict[TopicPartition, int] = {}
        self.gaps = OffsetGaps(topics)
        self._commits = commits

    def assign(self, partition: TopicPartition, offset: int) -> None:
        """Begin with `offset` in a partition that is assigned."""
        self.next_offsets[partition] = offset
        self.gaps.forget([partition])

    def release(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget partitions that belong to another member."""
        partitions = list(partitions)
        self.gaps.forget(partitions)
        self._commits.forget(partitions)
        for partition in partitions:
            self.next_offsets.pop(partition, None)

    def new_runs(self, items: Iterable[Any]) -> tuple[list[RecordRun], set[TopicPartition]]:
        """Return the runs of records of own partitions that are not handled yet.

        The second value: the partitions with records that are handled already. A raw batch may
        begin with some of them; any other run begins with them only after a jump back.
        """
        new: list[RecordRun] = []
        jumped_back: set[TopicPartition] = set()
        for run in runs_of(items):
            partition = partition_of_run(run)
            expected = self.next_offsets.get(partition)
            if expected is None:
                continue  # the partition was given up meanwhile
            first = run.offset if isinstance(run, RecordList) else run.next_offset - 1
            if first < expected:
                jumped_back.add(partition)
            part = run.since(expected)
            if part is not None:
                new.append(part)
        return new, jumped_back

    def up_to_gaps(
        self, consumer: AIOKafkaConsumer, runs: Iterable[RecordRun]
    ) -> tuple[list[RecordRun], list[OffsetGap]]:
        """Return the runs of each partition up to its first gap, and these gaps."""
        complete: list[RecordRun] = []
        gaps: dict[TopicPartition, OffsetGap] = {}
        expected = dict(self.next_offsets)
        for run in runs:
            partition = partition_of_run(run)
            if partition in gaps:
                continue
            state = fetch_states.fetch_state(consumer, partition)
            part, missing = self.gaps.split(run, expected[partition], state)
            if part is not None:
                complete.append(part)
                expected[partition] = part.next_offset
            if missing is not None:
                gaps[partition] = OffsetGap(partition, missing, run.next_offset - 1)
        return complete, list(gaps.values())

    def advance(self, runs: Iterable[RecordRun]) -> None:
        """Note that the records of these runs are handled."""
        for run in runs:
            partition = partition_of_run(run)
            self.next_offsets[partition] = run.next_offset
            self._commits.note(partition, run.next_offset)

    def skip_empty(self, consumer: AIOKafkaConsumer) -> None:
        """Move on over offsets that hold no record: nothing arrives that would."""
        for partition, offset in self.next_offsets.items():
            next_offset = fetch_states.fetch_state(consumer, partition).skip_empty(offset)
            if next_offset > offset:
                self.next_offsets[partition] = next_offset
                self._commits.note(partition, next_offset)

    def of_topic(self, topic: str) -> Iterator[TopicPartition]:
        """Yield the own partitions of a topic."""
        return (partition for partition in self.next_offsets if partition.topic == topic)

    def is_blocked(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> bool:
        """Return whether a gap or an unreadable record blocks the partition."""
        failure = fetch_states.fetch_state(consumer, partition).failure
        return self.gaps.blocks(partition) or failure is not None

    def reasons(self, consumer: AIOKafkaConsumer) -> list[str]:
        """Return one sentence for each partition that is blocked."""
        return [*self.gaps.reasons(), *fetch_states.failures(consumer, self.next_offsets)]
