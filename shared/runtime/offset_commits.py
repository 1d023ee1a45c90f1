"""Commits of offsets to the consumer group, beside the work.

They are for lag monitors: a service's own stored offset decides where a restart begins. But a
refusal says that the partitions have another owner.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError

log = structlog.get_logger("fenghuo.commits")

_INTERVAL_S = 1.0


class OffsetCommits:
    """The offsets of one consumer that are not committed yet, and the commit under way."""

    def __init__(self, consumer: Callable[[], AIOKafkaConsumer | None]) -> None:
        self.refused = False
        """Whether the group has refused a commit since the partitions were assigned."""
        self._consumer = consumer
        self._due: dict[TopicPartition, int] = {}
        self._began_at = time.monotonic()
        self._under_way: asyncio.Task[None] | None = None

    def note(self, partition: TopicPartition, offset: int) -> None:
        """Note that all records before this offset are handled."""
        self._due[partition] = offset

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget partitions that belong to another member."""
        for partition in partitions:
            self._due.pop(partition, None)

    def begin(self) -> None:
        """Commit beside the work, at most once a second; no batch waits for a commit."""
        if self._under_way is not None and not self._under_way.done():
            return
        if self._due and time.monotonic() - self._began_at >= _INTERVAL_S:
            self._under_way = asyncio.create_task(self._commit(dict(self._due)))

    async def wait(self) -> None:
        """Wait for the commit under way."""
        if self._under_way is not None:
            await asyncio.wait({self._under_way})

    async def finish(self) -> None:
        """Commit the offsets that are due and wait for it."""
        await self.wait()
        await self._commit(dict(self._due))

    def cancel(self) -> None:
        """Give up the commit under way."""
        if self._under_way is not None:
            self._under_way.cancel()

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._began_at = time.monotonic()
        consumer = self._consumer()
        if not offsets or consumer is None:
            return
        try:
            await consumer.commit(dict(offsets))
        except CommitFailedError as error:
            self.refused = True
            log.warning("commit_refused", error=repr(error.__cause__))
            return
        except (KafkaError, AssertionError) as error:
            log.warning("commit_failed", error=repr(error))
            return
        for partition, offset in offsets.items():
            if self._due.get(partition) == offset:
                del self._due[partition]
