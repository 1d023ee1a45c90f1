"""Records on their way into a producer: in order per partition, each partition by itself.

aiokafka takes one batch of a partition ahead of the one it sends, and lets whoever waits for the place do so
without order, for a time that it counts several times over (0.14). So whoever has records for a partition
waits for its turn here, in order of arrival, and as long as the caller likes.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError

from shared.contracts.topics import TOPICS
from shared.fastpath.murmur2 import murmur2
from shared.runtime.errors import Unsendable

Headers = tuple[tuple[str, bytes], ...]
Delivery = asyncio.Future[Any]
"""Done when Kafka has what was sent."""
Place = tuple[str, int]
"""A topic's partition."""

MOST_REQUEST_BYTES = 2 * 1_048_576
"""A longer record is sent to no topic."""
_BATCH_OVERHEAD = 61
_RECORD_OVERHEAD = 21
_HEADER_OVERHEAD = 10
_MANY = 20
"""From so many records of one caller on, they are put into batches here, for a fifth of the time: while
they are, nothing else goes on."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One record to send. `partition` None = by key."""

    topic: str
    key: bytes | None
    value: bytes
    partition: int | None = None
    headers: Headers = (("content-type", b"application/json"),)


@lru_cache(maxsize=131_072)
def partition_of(key: bytes | None, partitions: int) -> int:
    """Where records of this key go, as Kafka's own clients choose it; without a key to the first.

    Remembered, since the hash is plain Python and the same units come again with every command.
    """
    return 0 if key is None else (murmur2(key) & 0x7FFFFFFF) % partitions


def size_of(record: Outgoing) -> int:
    """The most bytes that a batch of this record alone takes."""
    headers = sum(len(name) + len(value) + _HEADER_OVERHEAD for name, value in record.headers)
    held = len(record.key or b"") + len(record.value) + headers
    return _BATCH_OVERHEAD + _RECORD_OVERHEAD + held


def check_sizes(records: Sequence[Outgoing]) -> int:
    """The bytes of all; raises Unsendable for one that its topic does not take.

    Kafka would refuse it, and with it all that the producer has for the same partition.
    """
    total = 0
    for position, record in enumerate(records):
        size = size_of(record)
        spec = TOPICS.get(record.topic)
        most = MOST_REQUEST_BYTES if spec is None else spec.max_bytes
        if size > most:
            what = f"a record of {size} bytes, {record.topic} takes {most}"
            raise Unsendable(what, position)
        total += size
    return total


class Handing:
    """Hands records to one producer; `begun` is called with each delivery as soon as there is one."""

    def __init__(self, producer: AIOKafkaProducer, begun: Callable[[Delivery], None]) -> None:
        self._producer = producer
        self._begun = begun
        self._turns: defaultdict[Place, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def hand(self, records: Sequence[Outgoing]) -> list[Delivery]:
        """Hand over all, in order per partition; raises KafkaError.

        A partition that takes nothing holds up its own records alone.
        """
        partitions = {
            topic: len(await self._producer.partitions_for(topic))
            for topic in {record.topic for record in records}
        }
        places: dict[Place, list[Outgoing]] = {}
        for record in records:
            number = record.partition
            if number is None:
                number = partition_of(record.key, partitions[record.topic])
            places.setdefault((record.topic, number), []).append(record)
        way = self._one_by_one if len(records) < _MANY else self._in_batches
        futures: list[Delivery] = []
        if len(places) == 1:  # most often; no task of its own
            for place, outgoings in places.items():
                await way(place, outgoings, futures)
            return futures
        try:
            async with asyncio.TaskGroup() as group:
                for place, outgoings in places.items():
                    group.create_task(way(place, outgoings, futures))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return futures

    async def _one_by_one(
        self, place: Place, records: Sequence[Outgoing], waiting: list[Delivery]
    ) -> None:
        # Through the producer's own batches: records of many callers share them.
        topic, partition = place
        async with self._turns[place]:
            for record in records:
                send = partial(
                    self._producer.send,
                    topic,
                    value=record.value,
                    key=record.key,
                    partition=partition,
                    headers=list(record.headers),
                )
                self._note(await _patiently(send), waiting)

    async def _in_batches(
        self, place: Place, records: Sequence[Outgoing], waiting: list[Delivery]
    ) -> None:
        """Fill batches ourselves: what `send` does per record is done per batch."""
        topic, partition = place
        async with self._turns[place]:
            for batch in _batches(self._producer, records):
                send = partial(self._producer.send_batch, batch, topic, partition=partition)
                self._note(await _patiently(send), waiting)

    def _note(self, delivery: Delivery, waiting: list[Delivery]) -> None:
        waiting.append(delivery)
        self._begun(delivery)


async def _patiently(send: Callable[[], Awaitable[Delivery]]) -> Delivery:
    while True:
        try:
            return await send()
        except KafkaTimeoutError:
            continue  # nothing was taken; whoever waits has a limit of its own


def _batches(producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> Iterator[Any]:
    batch = producer.create_batch()
    for record in records:
        if not _append(batch, record):
            yield batch
            batch = producer.create_batch()
            _append(batch, record)
    yield batch


def _append(batch: Any, record: Outgoing) -> bool:
    """Whether the record still fitted; the first of a batch always does."""
    added = batch.append(
        timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
    )
    return added is not None
