"""The state of fetching of each partition of a consumer: failures, and offsets without a record.

The state belongs to aiokafka's own state of a partition, so each assignment begins a new state.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from aiokafka import AIOKafkaConsumer, TopicPartition

_EMPTY_RANGES_LIMIT = 10_000
"""The number of ranges remembered; an older range is read again when its offsets are needed."""


class FetchState:
    """The state of one partition. `failure`: the reason why reading has stopped, else None."""

    def __init__(self) -> None:
        self.failure: str | None = None
        self._empty_ranges: dict[int, int] = {}

    def fail(self, offset: int, error: Exception) -> None:
        """Note that the record at this offset is unreadable."""
        self.failure = f"at {offset}: {error!r}"

    def advance(self, empty_ranges: Iterable[tuple[int, int]], has_records: bool) -> None:
        """Note progress, and ranges of offsets without a record."""
        if has_records or empty_ranges:
            self.failure = None
        self._empty_ranges.update(empty_ranges)
        while len(self._empty_ranges) > _EMPTY_RANGES_LIMIT:
            del self._empty_ranges[min(self._empty_ranges)]

    def count_empty(self, begin: int, end: int) -> int:
        """Return how many offsets in [begin, end) hold no record for a reader, and never will."""
        return sum(
            max(0, min(end, range_end) - max(begin, range_begin))
            for range_begin, range_end in self._empty_ranges.items()
        )

    def skip_empty(self, offset: int) -> int:
        """Return the next offset from `offset` on that may hold a record; forget smaller ones."""
        for range_begin, range_end in sorted(self._empty_ranges.items()):
            if range_begin > offset:
                break
            offset = max(offset, range_end)
            del self._empty_ranges[range_begin]
        return offset


_states: WeakKeyDictionary[Any, FetchState] = WeakKeyDictionary()


def state_of(partition_state: Any) -> FetchState:
    """Return our state for aiokafka's state of a partition."""
    state = _states.get(partition_state)
    if state is None:
        state = _states[partition_state] = FetchState()
    return state


def fetch_state(consumer: AIOKafkaConsumer, partition: TopicPartition) -> FetchState:
    """Return the state of a consumer's partition; an empty state while it is not assigned."""
    partition_state = _partition_state(consumer, partition)
    return FetchState() if partition_state is None else state_of(partition_state)


def stable_end(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    """Return up to where the partition can be read, as of the last fetch.

    The records of an open transaction cannot be read. None before the first fetch.
    """
    partition_state = _partition_state(consumer, partition)
    if partition_state is None or partition_state.highwater is None:
        return None
    end: int = partition_state.highwater
    last_stable: int | None = partition_state.lso
    return end if last_stable is None or last_stable < 0 else min(end, last_stable)


def answered_at(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    """Return when Kafka last answered a fetch from the partition, in ms by this host's clock."""
    partition_state = _partition_state(consumer, partition)
    return None if partition_state is None else partition_state.timestamp


def position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    """Return the next offset to fetch; None while Kafka is asked for the offset."""
    partition_state = _partition_state(consumer, partition)
    return None if partition_state is None else partition_state._position


def is_buffered(consumer: AIOKafkaConsumer, partition: TopicPartition) -> bool:
    """Return whether the consumer holds fetched records of the partition."""
    return partition in consumer._fetcher._records


def failures(consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> list[str]:
    """Return one sentence for each of these partitions with a failure."""
    reasons = {
        partition: fetch_state(consumer, partition).failure for partition in sorted(partitions)
    }
    return [
        f"cannot read {partition.topic}:{partition.partition} {reason}"
        for partition, reason in reasons.items()
        if reason
    ]


def _partition_state(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Any:
    subscription = consumer._subscription.subscription
    assignment = None if subscription is None else subscription.assignment
    return None if assignment is None else assignment.state_value(partition)
