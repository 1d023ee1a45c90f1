"""Backlogs and catalogues to Kafka and counts of results, without the services' own code."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.partitioner import DefaultPartitioner

from deploy.local.topics import ensure_topics
from shared.contracts.catalog import CatalogEntry, SensorEntry, UnitEntry, catalog_key
from shared.contracts.fields import Tier
from shared.contracts.ids import content_id
from shared.contracts.topics import CATALOG
from tests.bench.reference import Split

BATCH_BYTES = 131_072
"""As the product's own producer fills them (shared/runtime/publisher.py)."""
_IN_FLIGHT = 64
_ORIGIN = "500118000000"
_EVENT_TIME = datetime(2026, 6, 18, 6, tzinfo=UTC)


class Loader:
    """A writer of whole batches per partition, with the partitioner of every client."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self._topic = topic
        self._numbers = list(range(partitions))
        self._choose = DefaultPartitioner()
        self._partitions: dict[bytes, int] = {}
        self._waiting: list[asyncio.Future[Any]] = []
        self._open: dict[int, Any] = {}
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", max_batch_size=BATCH_BYTES, linger_ms=0
        )

    async def __aenter__(self) -> Loader:
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.flush()
        await self._producer.stop()

    def partition(self, key: bytes) -> int:
        """Return the partition of this key's records."""
        result = self._partitions.get(key)
        if result is None:
            result = self._partitions[key] = self._choose(key, self._numbers, self._numbers)
        return result

    async def add(self, key: bytes | None, value: bytes, partition: int | None = None) -> None:
        """Add one record; it leaves when its batch is full or at `flush`."""
        number = self.partition(key or b"") if partition is None else partition
        batch = self._open.get(number)
        if batch is None:
            batch = self._open[number] = self._producer.create_batch()
        if batch.append(key=key, value=value, timestamp=None) is None:
            await self._send(number)
            batch = self._open[number] = self._producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)

    async def flush(self) -> None:
        """Return when Kafka has everything."""
        for number in list(self._open):
            await self._send(number)
        await asyncio.gather(*self._waiting)
        self._waiting.clear()

    async def _send(self, number: int) -> None:
        batch = self._open.pop(number)
        self._waiting.append(await self._producer.send_batch(batch, self._topic, partition=number))
        if len(self._waiting) > _IN_FLIGHT:
            first, self._waiting = self._waiting[0], self._waiting[1:]
            await first


async def write(
    bootstrap: str, topic: str, partitions: int, records: Iterable[tuple[bytes | None, bytes]]
) -> int:
    """Write all records and return their number when Kafka has all."""
    count = 0
    async with Loader(bootstrap, topic, partitions) as loader:
        for key, value in records:
            await loader.add(key, value)
            count += 1
    return count


async def write_catalogue(bootstrap: str, entries: Iterable[UnitEntry | SensorEntry]) -> None:
    """Write units and sensors into the catalogue, which services read at the start."""
    records = (
        (
            catalog_key(entry).encode(),
            CatalogEntry(
                id=content_id("entry", catalog_key(entry)),
                occurred_at=_EVENT_TIME,
                sent_at=_EVENT_TIME,
                origin_unit=_ORIGIN,
                tier=Tier.DISTRICT,
                entry=entry,
            ).to_wire(),
        )
        for entry in entries
    )
    await write(bootstrap, CATALOG.name, CATALOG.partitions, records)


async def recreate(bootstrap: str, topics: Sequence[NewTopic]) -> None:
    """Delete and create topics, so that a repetition starts from nothing."""
    names = [topic.name for topic in topics]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if present := [name for name in names if name in await admin.list_topics()]:
            await admin.delete_topics(present)
        deadline = time.monotonic() + 30
        while set(names) & set(await admin.list_topics()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"topics do not go away: {names}")
            await asyncio.sleep(0.1)
    finally:
        await admin.close()
    await ensure_topics(bootstrap, list(topics))


async def ends(bootstrap: str, topic: str, partitions: int) -> int:
    """Sum of the end offsets of a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        partition_list = [TopicPartition(topic, number) for number in range(partitions)]
        return sum((await consumer.end_offsets(partition_list)).values())
    finally:
        await consumer.stop()


class _AlarmFields(msgspec.Struct):
    """The fields that the count needs of an alarm event of ours, or of a peer's transition."""

    rule: str = ""
    state: str = ""
    rule_id: str = ""
    transition: str = ""


_NAMES = {"raised": "raise", "cleared": "clear"}
_decode = msgspec.json.Decoder(_AlarmFields).decode


def name_of(value: bytes) -> str:
    """Return `rule raise`, `rule clear`, or for our further transitions rule and name."""
    result = _decode(value)
    if result.rule_id:
        change = _NAMES.get(result.transition, result.transition)
        return f"{result.rule_id.partition('.')[0]} {change}"
    return f"{result.rule} {result.state}"


async def transitions(bootstrap: str, topic: str, partitions: int) -> Split:
    """Return the transitions in a result topic, by rule and direction."""
    counted: Counter[str] = Counter()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partition_list = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(partition_list)
        last = await consumer.end_offsets(partition_list)
        await consumer.seek_to_beginning(*partition_list)
        while behind := [tp for tp in partition_list if await consumer.position(tp) < last[tp]]:
            for records in (await consumer.getmany(*behind, timeout_ms=200)).values():
                counted.update(name_of(record.value) for record in records)
    finally:
        await consumer.stop()
    return dict(sorted(counted.items()))
