"""The one producer of a process: acks=all, idempotent, every send bounded in time.

A refusal that cannot be retried poisons an idempotent aiokafka producer for its partition
(aiokafka #1017), and a send hangs as long as the broker is down. So every send has a time limit, and
after a time-out or a refusal the producer is thrown away and a new one made: the outcome is unknown,
the caller sends the same ids again, readers drop repeats.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.fields import Contract
from shared.contracts.topics import TopicSpec
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.murmur import murmur2

log = structlog.get_logger("fenghuo.publisher")

Headers = tuple[tuple[str, bytes], ...]
Delivery = asyncio.Future[Any]
"""Done when Kafka has what was sent."""

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


class Sending(NamedTuple):
    """Records that a producer has been handed; how many of each topic."""

    producer: AIOKafkaProducer
    waiting: list[Delivery]
    counts: Counter[str]


def outgoing(spec: TopicSpec, key: str, message: Contract) -> Outgoing:
    """A message of the topics table as a record; absent optional fields are left out."""
    return Outgoing(spec.name, key.encode(), encode(message))


def encode(message: Contract) -> bytes:
    """The wire form of a message."""
    return message.to_wire()


@lru_cache(maxsize=131_072)
def partition_of(key: bytes | None, partitions: int) -> int:
    """Where records of this key go, as Kafka's own clients choose it; without a key to the first.

    Remembered, since the hash is plain Python and the same units come again with every command.
    """
    return 0 if key is None else (murmur2(key) & 0x7FFFFFFF) % partitions


class Publisher:
    """Sends records and awaits their acknowledgement."""

    def __init__(self, bootstrap: str, metrics: RuntimeMetrics, timeout_s: float = 10.0) -> None:
        self._bootstrap = bootstrap
        self._metrics = metrics
        self._timeout_s = timeout_s
        self._producer: AIOKafkaProducer | None = None
        self._swap = asyncio.Lock()
        self._reconnecting: asyncio.Task[None] | None = None
        self._partitions: dict[str, int] = {}

    async def start(self) -> None:
        """Connect; raises KafkaError when the broker cannot be reached."""
        self._producer = await self._connect()

    async def stop(self) -> None:
        """Flush and close, within the time limit."""
        if self._reconnecting is not None:
            self._reconnecting.cancel()
        producer, self._producer = self._producer, None
        if producer is not None:
            await self._close(producer)

    def ready(self) -> str | None:
        """For /readyz."""
        return "the Kafka producer is being rebuilt" if self._producer is None else None

    @property
    def present(self) -> AIOKafkaProducer:
        """The producer of now; raises Transient while there is none."""
        if self._producer is None:
            raise Transient("the producer is being rebuilt")
        return self._producer

    async def send(self, records: Iterable[Outgoing]) -> list[int]:
        """Send all, in order per partition, and wait until Kafka has every one.

        Returns Kafka's times of what was sent, in milliseconds since 1970. Raises Transient when it
        is not known within the time limit whether Kafka has it: send the same again.
        """
        sending = await self.begin(self.present, records)
        await self.arrived(sending)
        return [one.result().timestamp for one in sending.waiting]

    async def begin(self, producer: AIOKafkaProducer, records: Iterable[Outgoing]) -> Sending:
        """Hand all to this producer, in order per partition; `arrived` is still to be waited for.

        What is begun afterwards with the same producer comes behind them, or not at all when they fail:
        it is idempotent, and then there is another one. Raises Transient as `send` does.
        """
        if producer is not self._producer:
            raise Transient("the producer has been rebuilt")
        given = list(records)
        async with self._bounded(producer):
            if len(given) < _MANY:
                waiting = [await self._single(producer, record) for record in given]
            else:
                waiting = await self._in_batches(producer, given)
        for delivery in waiting:
            delivery.add_done_callback(_heard)
        return Sending(producer, waiting, Counter(record.topic for record in given))

    async def arrived(self, sending: Sending) -> None:
        """Wait until Kafka has every one; raises Transient as `send` does."""
        async with self._bounded(sending.producer):
            await asyncio.gather(*sending.waiting)
        for topic, count in sending.counts.items():
            self._metrics.published.labels(topic).inc(count)

    @asynccontextmanager
    async def _bounded(self, producer: AIOKafkaProducer) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except (KafkaError, TimeoutError) as error:
            await self._replace(producer)
            raise Transient(f"publish outcome unknown: {type(error).__name__}") from error

    @staticmethod
    async def _single(producer: AIOKafkaProducer, record: Outgoing) -> Delivery:
        # Through the producer's own batches: records of many callers share them.
        delivery: Delivery = await producer.send(
            record.topic,
            value=record.value,
            key=record.key,
            partition=record.partition,
            headers=list(record.headers),
        )
        return delivery

    @staticmethod
    async def _in_batches(
        producer: AIOKafkaProducer, records: Sequence[Outgoing]
    ) -> list[Delivery]:
        """Fill batches per partition ourselves: what `send` does per record is done per batch."""
        counts = {
            topic: len(await producer.partitions_for(topic))
            for topic in {record.topic for record in records}
        }
        waiting: list[Delivery] = []
        filling: dict[tuple[str, int], Any] = {}

        async def submit(topic: str, partition: int) -> None:
            batch = filling.pop((topic, partition))
            waiting.append(await producer.send_batch(batch, topic, partition=partition))

        for record in records:
            partition = record.partition
            if partition is None:
                partition = partition_of(record.key, counts[record.topic])
            place = record.topic, partition
            batch = filling.get(place)
            if batch is None or not _append(batch, record):
                if batch is not None:
                    await submit(*place)
                batch = filling[place] = producer.create_batch()
                _append(batch, record)
        for place in list(filling):
            await submit(*place)
        return waiting

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_request_size=2 * 1_048_576,
            max_batch_size=131_072,
            request_timeout_ms=5_000,
            retry_backoff_ms=100,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._metrics.producers.inc()
        return producer

    async def _replace(self, broken: AIOKafkaProducer) -> None:
        async with self._swap:
            if self._producer is not broken:
                return
            self._producer = None
            log.warning("producer_rebuilt")
            await self._close(broken)
            try:
                async with asyncio.timeout(self._timeout_s):
                    self._producer = await self._connect()
            except (KafkaError, TimeoutError):
                self._reconnecting = asyncio.create_task(self._keep_connecting())

    async def _keep_connecting(self) -> None:
        while self._producer is None:
            try:
                self._producer = await self._connect()
            except (KafkaError, TimeoutError):
                await asyncio.sleep(0.5)

    @staticmethod
    async def _close(producer: AIOKafkaProducer) -> None:
        # stop() waits for pending sends, which is for ever while the broker is down
        try:
            async with asyncio.timeout(2):
                await producer.stop()
        except (KafkaError, TimeoutError):
            # What it still holds must not be delivered behind the back of its successor.
            log.warning("producer_closed_hard")
            await producer._sender.close()
            await producer.client.close()


def _heard(delivery: Delivery) -> None:
    """A failure is heard of, also where nobody waits any more."""
    if not delivery.cancelled():
        delivery.exception()


def _append(batch: Any, record: Outgoing) -> bool:
    """Whether the record still fitted; the first of a batch always does."""
    added = batch.append(
        timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
    )
    return added is not None
