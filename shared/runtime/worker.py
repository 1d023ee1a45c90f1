"""The interface of a service towards its consumer (shared/runtime/partition_consumer.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aiokafka import ConsumerRecord, TopicPartition

from shared.runtime.stored_offsets import StoredOffset


class Worker(Protocol):
    """The work of a service on its partitions. Every method may raise Transient."""

    async def restore(
        self, assigned: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, StoredOffset]:
        """Load state; return the stored offset per partition (absent = the beginning)."""
        ...

    def stored(self, partition: TopicPartition) -> StoredOffset | None:
        """Return the present offset of a partition, None where it is not restored."""
        ...

    async def move(self, partition: TopicPartition, target: StoredOffset) -> None:
        """Store another offset: the next record to handle is there."""
        ...

    async def handle(self, records: list[ConsumerRecord]) -> None:
        """Handle records in order per partition; when it returns they are handled for good."""
        ...

    async def release(self, revoked: Sequence[TopicPartition]) -> None:
        """Flush and forget the state of these partitions."""
        ...


class PriorityWorker(Worker, Protocol):
    """A Worker that can handle urgent records before their turn."""

    def is_urgent(self, record: ConsumerRecord) -> bool:
        """Return whether a record goes before the records of other keys."""
        ...

    async def handle_urgent(self, records: list[ConsumerRecord]) -> None:
        """Handle records before their turn, which still comes; a refused one is handled then."""
        ...
