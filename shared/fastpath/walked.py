"""What a consumer's reading has come upon in each of its partitions: what it cannot read, what it passed over.

Kept beside aiokafka's own state of a partition, so that it begins anew with every assignment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from aiokafka import AIOKafkaConsumer, TopicPartition

_MOST_PASSED = 10_000
"""Stretches remembered; the rest is walked over again when somebody asks."""


class Walk:
    """One partition. `trouble`: why it cannot be read on, None when it can."""

    def __init__(self) -> None:
        self.trouble: str | None = None
        self._passed: dict[int, int] = {}

    def cannot_read(self, offset: int, error: Exception) -> None:
        """Reading stands before this offset."""
        self.trouble = f"at {offset}: {error!r}"

    def moved(self, passed: Iterable[tuple[int, int]], read: bool) -> None:
        """Reading has gone on, over stretches without a record."""
        if read or passed:
            self.trouble = None
        self._passed.update(passed)
        while len(self._passed) > _MOST_PASSED:
            del self._passed[min(self._passed)]

    def without_records(self, begin: int, end: int) -> int:
        """How many offsets in [begin, end) hold no record for a reader, and never will."""
        return sum(max(0, min(end, upto) - max(begin, at)) for at, upto in self._passed.items())

    def past(self, offset: int) -> int:
        """The next offset from this one on that may hold a record; what is below it is forgotten."""
        for at, upto in sorted(self._passed.items()):
            if at > offset:
                break
            offset = max(offset, upto)
            del self._passed[at]
        return offset


_walks: WeakKeyDictionary[Any, Walk] = WeakKeyDictionary()


def of(state: Any) -> Walk:
    """The walk over a partition, by aiokafka's state of it."""
    walk = _walks.get(state)
    if walk is None:
        walk = _walks[state] = Walk()
    return walk


def over(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Walk:
    """The walk of a consumer over a partition; an empty one while that is not assigned."""
    state = _state(consumer, partition)
    return Walk() if state is None else of(state)


def stable_end(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    """Up to where the partition can be read, as of the last fetch: not into an open transaction."""
    state = _state(consumer, partition)
    if state is None or state.highwater is None:
        return None
    end: int = state.highwater
    return end if state.lso is None or state.lso < 0 else min(end, state.lso)


def answered(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    """When Kafka last answered a fetch from the partition, in ms by this host's clock."""
    state = _state(consumer, partition)
    return None if state is None else state.timestamp


def position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    """Where the partition is read on; None while that is being asked for."""
    state = _state(consumer, partition)
    return None if state is None else state._position


def buffered(consumer: AIOKafkaConsumer, partition: TopicPartition) -> bool:
    """Whether records of the partition lie fetched in the consumer."""
    return partition in consumer._fetcher._records


def troubles(consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> list[str]:
    """One sentence for each of these partitions that cannot be read on."""
    found = [(partition, over(consumer, partition).trouble) for partition in sorted(partitions)]
    return [
        f"cannot read {one.topic}:{one.partition} {trouble}" for one, trouble in found if trouble
    ]


def _state(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Any:
    subscription = consumer._subscription.subscription
    assignment = None if subscription is None else subscription.assignment
    return None if assignment is None else assignment.state_value(partition)
