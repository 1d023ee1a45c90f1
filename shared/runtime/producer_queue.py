"""Records on their way into a producer: in order per partition, each partition by itself.

aiokafka takes one batch of a partition ahead of the batch that it sends. Callers that wait for this
place get it without order, after a time that aiokafka counts several times over (0.14). So a caller
with records for a partition waits for its turn here, in order of arrival, and as long as it likes.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, partition_of

Delivery = asyncio.Future[Any]
"""Done when Kafka has confirmed the record or the batch."""
Partition = tuple[str, int]
"""A topic and the number of a partition."""

_OWN_BATCHES_FROM = 20
"""From so many records of one caller on, batches are filled here, for a fifth of the time: while
they are filled, nothing else runs."""
_MAX_WAITING_BYTES = 8 * 1_048_576
"""With more bytes that wait for one partition, further records for this partition are refused."""


class ProducerQueue:
    """Appends records to one producer; `on_delivery` is called with each delivery that begins."""

    def __init__(self, producer: AIOKafkaProducer, on_delivery: Callable[[Delivery], None]) -> None:
        self._producer = producer
        self._on_delivery = on_delivery
        self._locks: defaultdict[Partition, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting_bytes: Counter[Partition] = Counter()

    async def append(self, records: Sequence[OutboundRecord]) -> list[Delivery]:
        """Append all, in order per partition; a partition that takes nothing holds up its own only.

        Raises KafkaError, and Transient before anything is appended where too much waits for a
        partition already.
        """
        by_partition = await self.by_partition(records)
        for partition, own_records in by_partition.items():
            self._check_room(partition, own_records)
        few = len(records) < _OWN_BATCHES_FROM
        append = self._append_records if few else self._append_batches
        deliveries: list[Delivery] = []
        if len(by_partition) == 1:  # most often; no task of its own
            for partition, own_records in by_partition.items():
                await append(partition, own_records, deliveries)
            return deliveries
        try:
            async with asyncio.TaskGroup() as group:
                for partition, own_records in by_partition.items():
                    group.create_task(append(partition, own_records, deliveries))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return deliveries

    async def by_partition(
        self, records: Sequence[OutboundRecord]
    ) -> dict[Partition, list[OutboundRecord]]:
        """Return the records of each partition, in order; raises KafkaError."""
        partition_counts = {
            topic: len(await self._producer.partitions_for(topic))
            for topic in {record.topic for record in records}
        }
        by_partition: dict[Partition, list[OutboundRecord]] = {}
        for record in records:
            number, count = record.partition, partition_counts[record.topic]
            if number is None:
                number = partition_of(record.key, count)
            if number >= count:
                raise UnknownTopicOrPartitionError(f"{record.topic} has {count} partitions")
            by_partition.setdefault((record.topic, number), []).append(record)
        return by_partition

    async def _append_records(
        self,
        partition: Partition,
        records: Sequence[OutboundRecord],
        deliveries: list[Delivery],
    ) -> None:
        """Append to the producer's own batches: records of many callers share them."""
        topic, number = partition
        async with self._turn(partition, records):
            for record in records:
                send = partial(
                    self._producer.send,
                    topic,
                    value=record.value,
                    key=record.key,
                    partition=number,
                    headers=list(record.headers),
                )
                self._add(await _until_accepted(send), deliveries)

    async def _append_batches(
        self,
        partition: Partition,
        records: Sequence[OutboundRecord],
        deliveries: list[Delivery],
    ) -> None:
        """Fill batches here: what `send` does per record is done per batch."""
        topic, number = partition
        async with self._turn(partition, records):
            for batch in _batches(self._producer, records):
                send = partial(self._producer.send_batch, batch, topic, partition=number)
                self._add(await _until_accepted(send), deliveries)

    def _check_room(self, partition: Partition, records: Sequence[OutboundRecord]) -> None:
        waiting = self._waiting_bytes[partition]
        if waiting and waiting + _bytes(records) > _MAX_WAITING_BYTES:
            raise Transient(f"busy: too much waits for {partition[0]} {partition[1]} already")

    @asynccontextmanager
    async def _turn(
        self, partition: Partition, records: Sequence[OutboundRecord]
    ) -> AsyncIterator[None]:
        size = _bytes(records)
        self._waiting_bytes[partition] += size
        try:
            async with self._locks[partition]:
                yield
        finally:
            self._waiting_bytes[partition] -= size

    def _add(self, delivery: Delivery, deliveries: list[Delivery]) -> None:
        deliveries.append(delivery)
        self._on_delivery(delivery)


def _bytes(records: Iterable[OutboundRecord]) -> int:
    return sum(len(record.value or b"") for record in records)


async def _until_accepted(send: Callable[[], Awaitable[Delivery]]) -> Delivery:
    while True:
        try:
            return await send()
        except KafkaTimeoutError:
            continue  # the producer has taken nothing; the caller has a limit of its own


def _batches(producer: AIOKafkaProducer, records: Sequence[OutboundRecord]) -> Iterator[Any]:
    batch = producer.create_batch()
    for record in records:
        if not _append(batch, record):
            yield batch
            batch = producer.create_batch()
            _append(batch, record)
    yield batch


def _append(batch: Any, record: OutboundRecord) -> bool:
    """Return whether the record fits into the batch; the first record always does."""
    added = batch.append(
        timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
    )
    return added is not None
