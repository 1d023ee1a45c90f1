"""A producer that Kafka has refused is thrown away (aiokafka #1017), a busy one is not; no send
waits for ever."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError
from aiokafka.protocol.produce import ProduceRequest
from prometheus_client import CollectorRegistry

from shared.contracts.topics import ALARMS, READINGS, TOPICS
from shared.runtime.errors import TopicUnavailable, Transient, Unsendable
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import OutboundRecord, partition_of, size_of
from shared.runtime.publisher import Publisher
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import read_all

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]


def created(metrics: RuntimeMetrics) -> float:
    return metrics.registry.get_sample_value("fenghuo_producers_created_total") or 0


async def ends(infrastructure: Infrastructure, topic: str) -> int:
    consumer = AIOKafkaConsumer(bootstrap_servers=infrastructure.bootstrap)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(ALARMS.partitions)]
        return sum((await consumer.end_offsets(partitions)).values())
    finally:
        await consumer.stop()


@pytest.mark.parametrize(("announced", "producers"), [(True, 1), (False, 2)])
async def test_a_refused_record_does_not_fail_the_following_records(
    infrastructure: Infrastructure, announced: bool, producers: int
) -> None:
    """Kafka is not even asked where the table says what a topic takes."""
    topic = infrastructure.own_topic(ALARMS, max_bytes=10_000)
    if not announced:
        del TOPICS[topic.name]
    metrics = RuntimeMetrics(CollectorRegistry())
    publisher = Publisher(infrastructure.bootstrap, metrics)
    await publisher.start()
    try:
        await publisher.send([OutboundRecord(topic.name, b"k", b"{}")])
        with pytest.raises(Unsendable) as refused:
            await publisher.send(
                [
                    OutboundRecord(topic.name, b"k", b"{}"),
                    OutboundRecord(topic.name, b"k", b"x" * 20_000),
                ]
            )
        assert refused.value.position == (1 if announced else None)
        for _ in range(3):
            await publisher.send([OutboundRecord(topic.name, b"k", b"{}")])
    finally:
        await publisher.stop()
    assert created(metrics) == producers
    assert await ends(infrastructure, topic.name) == 4


async def test_a_record_as_large_as_its_topic_takes_is_sent(infrastructure: Infrastructure) -> None:
    topic = infrastructure.own_topic(ALARMS, max_bytes=10_000)
    publisher = Publisher(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    largest = OutboundRecord(topic.name, b"k", b"")
    largest = OutboundRecord(topic.name, b"k", b"x" * (10_000 - size_of(largest)))
    await publisher.start()
    try:
        await publisher.send([largest])
    finally:
        await publisher.stop()
    assert await ends(infrastructure, topic.name) == 1


async def test_a_refused_topic_costs_neither_the_producer_nor_the_following_records(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the right for its topic a batch is answered, not stored; then the right comes."""
    topic = infrastructure.own_topic(ALARMS)
    metrics = RuntimeMetrics(CollectorRegistry())
    publisher = Publisher(infrastructure.bootstrap, metrics)
    record = OutboundRecord(topic.name, b"k", b"{}")
    number = partition_of(record.key, topic.partitions)
    await publisher.start()
    try:
        await publisher.send([record])
        client = publisher.producer.client
        send = client.send

        async def refuse(node_id: int, request: Any, **more: Any) -> Any:
            if not isinstance(request, ProduceRequest):
                return await send(node_id, request, **more)
            refusal = (number, TopicAuthorizationFailedError.errno, -1, -1, -1)
            return SimpleNamespace(API_VERSION=7, topics=[(topic.name, [refusal])])

        monkeypatch.setattr(client, "send", refuse)
        for _ in range(2):
            with pytest.raises(TopicUnavailable):
                await publisher.send([record])
        monkeypatch.setattr(client, "send", send)
        for _ in range(3):
            await publisher.send([record])
    finally:
        await publisher.stop()
    assert created(metrics) == 1
    assert await ends(infrastructure, topic.name) == 4


@pytest.mark.parametrize("senders", [16, 32])
async def test_many_senders_wait_for_their_turn_and_the_producer_stays(
    infrastructure: Infrastructure, senders: int
) -> None:
    """aiokafka's own limit for a place in the queue counts the same seconds several times over."""
    topic = infrastructure.own_topic(READINGS)
    metrics = RuntimeMetrics(CollectorRegistry())
    publisher = Publisher(infrastructure.bootstrap, metrics, timeout_s=120)
    await publisher.start()
    limit_s = publisher.producer._request_timeout_ms / 1000
    began = time.monotonic()
    rounds = 0

    async def send(sender: int) -> None:
        nonlocal rounds
        number = 0
        while time.monotonic() - began < limit_s or number < 3:
            await publisher.send(
                OutboundRecord(
                    topic.name, b"%d-%d" % (sender, n % 40), b"%06d" % number + b"x" * 300
                )
                for n in range(500)
            )
            number += 1
            rounds += 1

    try:
        await asyncio.gather(*(send(sender) for sender in range(senders)))
        assert publisher.ready() is None
    finally:
        await publisher.stop()
    assert created(metrics) == 1
    last: dict[bytes | None, int] = {}
    records = await read_all(infrastructure.bootstrap, topic)
    assert len(records) == rounds * 500
    for record in records:
        number = int(record.value[:6])
        assert number >= last.get(record.key, 0)
        last[record.key] = number


async def test_a_send_ends_in_time_while_the_broker_is_away_and_works_again_after(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    metrics = RuntimeMetrics(CollectorRegistry())
    publisher = Publisher(infrastructure.bootstrap, metrics, timeout_s=2)
    await publisher.start()
    try:
        infrastructure.run(infrastructure.stack.stop("kafka"))
        try:
            with pytest.raises(Transient):
                await publisher.send([OutboundRecord(topic.name, b"k", b"{}")])
            assert publisher.ready() is not None
        finally:
            infrastructure.run(infrastructure.stack.start("kafka"))
            infrastructure.run(infrastructure.stack.wait_kafka())
        for _ in range(40):
            try:
                await publisher.send([OutboundRecord(topic.name, b"k", b"again")])
                break
            except Transient:
                await asyncio.sleep(0.25)
        await publisher.send([OutboundRecord(topic.name, b"k", b"more")])
        assert publisher.ready() is None
    finally:
        await publisher.stop()
    assert 2 <= await ends(infrastructure, topic.name) <= 3


async def test_records_sent_together_keep_their_partitions_and_their_order(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    publisher = Publisher(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    keys = [f"unit-{number}".encode() for number in range(40)]
    await publisher.start()
    try:
        for key in keys:
            await publisher.send([OutboundRecord(topic.name, key, b"single")])
        await publisher.send(
            # every fiftieth is larger than a whole batch
            OutboundRecord(topic.name, keys[n % 40], b"%06d" % n + b"x" * (200_000 * (n % 50 == 0)))
            for n in range(1_000)
        )
    finally:
        await publisher.stop()
    records = await read_all(infrastructure.bootstrap, topic)
    home = {record.key: record.partition for record in records if record.value == b"single"}
    many = [record for record in records if record.value != b"single"]
    assert len(many) == 1_000
    assert all(record.partition == home[record.key] for record in many)
    assert all(dict(record.headers) == {"content-type": b"application/json"} for record in many)
    for key in keys:
        numbers = [int(record.value[:6]) for record in many if record.key == key]
        assert numbers == sorted(numbers)
        assert len(numbers) == 25
