"""Write to and read from a running Kafka, without any of the product's own code in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import NotLeaderForPartitionError, for_code
from aiokafka.protocol.produce import ProduceRequest

from shared.contracts.topics import TopicSpec

Message = tuple[str | None, bytes | None, int | None]
"""Key, value, partition (None = by key)."""


async def produce(bootstrap: str, topic: str, messages: Iterable[Message]) -> int:
    """Write all and wait until Kafka has them; returns how many."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
    await producer.start()
    try:
        waiting = [
            await producer.send(topic, value, key=key.encode() if key else None, partition=part)
            for key, value, part in messages
        ]
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()
    return len(waiting)


async def read_all(bootstrap: str, spec: TopicSpec, *, dead: bool = False) -> list[ConsumerRecord]:
    """Every record of a topic (or of its dead letters) up to its present end, per partition."""
    name = spec.dlq if dead else spec.name
    # "latest", the default, races with seek_to_beginning: the consumer may start at the end.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    consumer_records: list[ConsumerRecord] = []
    try:
        partitions = [TopicPartition(name, number) for number in range(spec.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        while behind := await _behind(consumer, partitions, ends):
            fetched = await consumer.getmany(*behind, timeout_ms=200)
            for records in fetched.values():
                consumer_records += records
    finally:
        await consumer.stop()
    return consumer_records


async def _behind(
    consumer: AIOKafkaConsumer, partitions: Sequence[Any], ends: dict[Any, int]
) -> list[Any]:
    return [
        partition
        for partition in partitions
        if await consumer.position(partition) < ends[partition]
    ]


async def produce_raw(bootstrap: str, topic: str, partition: int, batch: bytes) -> None:
    """Write a batch of records as it is. Raises the broker's refusal."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        await send_raw(producer, topic, partition, batch)
    finally:
        await producer.stop()


async def send_raw(producer: AIOKafkaProducer, topic: str, partition: int, batch: bytes) -> int:
    """Write a batch as it is; return the offset of its first record. Raises the refusal."""
    place = TopicPartition(topic, partition)
    code = NotLeaderForPartitionError.errno
    while code == NotLeaderForPartitionError.errno:  # a new topic's leader is not known everywhere
        await producer.partitions_for(topic)
        leader = producer.client.cluster.leader_for_partition(place)
        request = ProduceRequest(None, -1, 10_000, [(topic, [(partition, batch)])])
        response = await producer.client.send(leader, request)
        ((_, ((_, code, offset, *_),)),) = response.topics
    if code:
        raise for_code(code)(topic)
    return int(offset)
