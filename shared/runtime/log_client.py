"""A client beside a consumer: it reads the ends and single records of partitions.

The consumer's own fetches are no source of these: a dead fetcher knows no end, and a position after
a reset by Kafka says nothing about earlier records.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.topics import TopicSpec
from shared.runtime.bounded_waits import stop_client, wait_within
from shared.runtime.errors import Transient
from shared.runtime.fetching.consumer import make_reader

log = structlog.get_logger("fenghuo.log_client")

_ANSWER_S = 5.0
"""The longest time for one answer of Kafka."""
_READ_S = 3.0
"""The longest time to read single records."""
METADATA_AGE_MS = 30_000
"""Another number of partitions is noticed after so long."""


class LogRange(NamedTuple):
    """The first offset of a partition and the offset after its last committed record."""

    begin: int
    end: int


class LogClient:
    """Asks Kafka for offsets and single records; connects with the first question.

    A partition without a leader has no answer and costs the others none. Each method raises
    Transient while Kafka gives no answer at all.
    """

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._consumer: AIOKafkaConsumer | None = None
        self._assigned: set[TopicPartition] = set()
        self._lock = asyncio.Lock()

    async def ranges(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, LogRange]:
        """Return the ranges of these partitions, as far as Kafka knows them now."""
        requested = sorted(partitions)
        if not requested:
            return {}
        async with self._lock:
            consumer = await self._consumer_of(requested)
            led = await _with_leaders(consumer, requested)
            begins = await self._offsets(consumer.beginning_offsets, led)
            ends = await self._offsets(consumer.end_offsets, led)
            if led and not (begins and ends):
                await self._disconnect()
                raise Transient("Kafka does not answer where its partitions end")
        return {
            partition: LogRange(begins[partition], ends[partition])
            for partition in requested
            if partition in begins and partition in ends
        }

    async def first_records(
        self, offsets: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, Any]:
        """Return the first record of each partition from its offset on, where one can be read."""
        records: dict[TopicPartition, Any] = {}
        if not offsets:
            return records
        async with self._lock:
            consumer = await self._consumer_of(offsets)
            deadline = time.monotonic() + _READ_S
            try:
                self._seek(consumer, offsets)
                consumer.resume(*offsets)
                unread = set(offsets)
                while unread and time.monotonic() < deadline:
                    fetched = await consumer.getmany(*unread, timeout_ms=200, max_records=1)
                    unread.difference_update(fetched)
                    records.update((place, batch[0]) for place, batch in fetched.items())
            except KafkaError as error:
                await self._disconnect()
                raise Transient(f"Kafka returns no record: {error!r}") from error
            finally:
                if self._consumer is not None:
                    consumer.pause(*offsets)
                    self._seek(consumer, offsets)  # what lies in the client is dropped
        # A smaller offset: the log ends before ours and was read from its begin.
        return {
            partition: record
            for partition, record in records.items()
            if record.offset >= offsets[partition]
        }

    @staticmethod
    def _seek(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
        for partition, offset in offsets.items():
            consumer.seek(partition, offset)

    def wrong_counts(self, topics: Sequence[TopicSpec]) -> list[str]:
        """Return one sentence for each topic whose number of partitions was changed."""
        if self._consumer is None:
            return []
        counts = {
            spec: len(self._consumer.partitions_for_topic(spec.name) or ()) for spec in topics
        }
        return [
            f"{spec.name} has {count} partitions instead of {spec.partitions}: the records of a "
            "key no longer lie in one"
            for spec, count in counts.items()
            if count not in (0, spec.partitions)
        ]

    async def stop(self) -> None:
        """Close the connections; the next question opens new ones."""
        async with self._lock:
            await self._disconnect()

    async def _offsets(
        self, ask: Any, partitions: list[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        if not partitions:
            return {}
        try:
            offsets: dict[TopicPartition, int] = await wait_within(_ANSWER_S, ask(partitions))
            return offsets
        except (KafkaError, TimeoutError) as error:
            if len(partitions) == 1:
                log.info("no_offset", place=str(partitions[0]), error=type(error).__name__)
                return {}
        answers = await asyncio.gather(*(self._offsets(ask, [single]) for single in partitions))
        return {partition: offset for answer in answers for partition, offset in answer.items()}

    async def _consumer_of(self, partitions: Iterable[TopicPartition]) -> AIOKafkaConsumer:
        """Return the consumer, which knows the topics of its assigned partitions at once."""
        if self._consumer is None:
            consumer = make_reader(
                self.bootstrap,
                max_partition_fetch_bytes=65_536,
                fetch_max_wait_ms=50,
                metadata_max_age_ms=METADATA_AGE_MS,
                request_timeout_ms=round(_ANSWER_S * 1000),
            )
            try:
                await consumer.start()
            except BaseException as error:
                await stop_client(consumer)
                if isinstance(error, KafkaError | TimeoutError):
                    raise Transient(f"Kafka does not answer: {error!r}") from error
                raise
            self._consumer, self._assigned = consumer, set()
        if not self._assigned.issuperset(partitions):
            self._assigned.update(partitions)
            self._consumer.assign(sorted(self._assigned))
            self._consumer.pause(*self._assigned)
        return self._consumer

    async def _disconnect(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await stop_client(consumer)


async def _with_leaders(
    consumer: AIOKafkaConsumer, partitions: list[TopicPartition]
) -> list[TopicPartition]:
    """Return the partitions with a leader: a question about another would wait for a leader."""
    if not all(_has_leader(consumer, partition) for partition in partitions):
        await consumer._client.force_metadata_update()
    return [partition for partition in partitions if _has_leader(consumer, partition)]


def _has_leader(consumer: AIOKafkaConsumer, partition: TopicPartition) -> bool:
    return consumer._client.cluster.leader_for_partition(partition) not in (None, -1)
