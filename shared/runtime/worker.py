"""What a service offers to whoever drives its consumer (shared/runtime/batches.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aiokafka import ConsumerRecord, TopicPartition


class Worker(Protocol):
    """What a service does with its partitions. Every method may raise Transient."""

    async def restore(self, assigned: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Load state; return the next offset to handle per partition (missing = the beginning)."""
        ...

    async def handle(self, records: list[ConsumerRecord]) -> None:
        """Handle records in order per partition; when it returns they are done for good."""
        ...

    async def release(self, revoked: Sequence[TopicPartition]) -> None:
        """Flush and forget the state of these partitions."""
        ...


class Overtaking(Worker, Protocol):
    """A Worker that can do urgent records before their turn."""

    def urgent(self, record: ConsumerRecord) -> bool:
        """Whether a record is to overtake those of other keys."""
        ...

    async def overtake(self, records: list[ConsumerRecord]) -> None:
        """Handle these before their turn, which still comes; one that it cannot do now has only that."""
        ...
