"""The ends of all partitions of a service, for the wait of its timers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from aiokafka import TopicPartition

from shared.contracts.topics import TopicSpec
from shared.runtime.errors import Transient
from shared.runtime.log_client import LogClient, LogRange

UNKNOWN_END = sys.maxsize
"""The end of a partition without a leader: records there may be unread, and nobody can tell."""
_TIMEOUT_S = 5.0


class EndOffsets:
    """Asks Kafka for the next offset of every partition of some topics."""

    def __init__(self, client: LogClient, topics: Sequence[TopicSpec]) -> None:
        self._client = client
        self._partitions = [
            TopicPartition(spec.name, number)
            for spec in topics
            for number in range(spec.partitions)
        ]

    async def ask(self) -> dict[TopicPartition, int]:
        """Return the end of each partition: 0 where nothing is to be read.

        A partition without a leader has the end `UNKNOWN_END`, and holds up no other. Raises
        Transient while Kafka does not answer.
        """
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                ranges = await self._client.ranges(self._partitions)
        except TimeoutError as error:
            raise Transient("Kafka does not tell the ends of partitions") from error
        return {partition: _end(ranges.get(partition)) for partition in self._partitions}


def _end(log_range: LogRange | None) -> int:
    if log_range is None:
        return UNKNOWN_END
    # Before its first record for this group, a partition may have lost all to retention.
    return log_range.end if log_range.end > log_range.begin else 0
