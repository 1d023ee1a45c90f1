"""The rebalance recipe on a real broker: two members, slow handlers, slow restores (ADR 2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from prometheus_client import CollectorRegistry

from shared.contracts.topics import ALARMS, TopicSpec
from shared.runtime.broker import make_broker
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.partition_consumer import PartitionConsumer
from shared.runtime.stored_offsets import StoredOffset
from tests.support.infrastructure import Infrastructure
from tests.support.waiting import PATIENCE_S, until

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]


class Ledger:
    """The records that all members have handled, and the offsets of a shared store."""

    def __init__(self) -> None:
        self.handled: list[tuple[int, int]] = []
        self.offsets: dict[int, int] = {}
        self.owner: dict[int, str] = {}
        self.violations: list[str] = []


class SlowWorker:
    """A Worker with slow restores and handlers that notes every breach of ownership."""

    def __init__(self, name: str, ledger: Ledger, handle_s: float, fail_first: int = 0) -> None:
        self.name, self.ledger, self.handle_s, self.failures = name, ledger, handle_s, fail_first

    def stored(self, partition: Any) -> StoredOffset | None:
        offset = self.ledger.offsets.get(partition.partition)
        return None if offset is None else StoredOffset(offset)

    async def move(self, partition: Any, target: StoredOffset) -> None:
        self.ledger.offsets[partition.partition] = target.next_offset

    async def restore(self, assigned: Sequence[Any]) -> Mapping[Any, StoredOffset]:
        await asyncio.sleep(0.5)
        for partition in assigned:
            if self.ledger.owner.get(partition.partition) is not None:
                self.ledger.violations.append(f"{partition} taken before it was released")
            self.ledger.owner[partition.partition] = self.name
        return {
            p: StoredOffset(self.ledger.offsets[p.partition])
            for p in assigned
            if p.partition in self.ledger.offsets
        }

    async def handle(self, records: list[Any]) -> None:
        if self.failures:
            self.failures -= 1
            raise Transient("not now")
        for record in records:
            if self.ledger.owner.get(record.partition) != self.name:
                self.ledger.violations.append(f"{self.name} handled a foreign record")
        await asyncio.sleep(self.handle_s)
        for record in records:
            expected = self.ledger.offsets.get(record.partition, 0)
            if record.offset != expected:
                self.ledger.violations.append(f"offset {record.offset}, expected {expected}")
            self.ledger.offsets[record.partition] = record.offset + 1
            self.ledger.handled.append((record.partition, record.offset))

    async def release(self, revoked: Sequence[Any]) -> None:
        for partition in revoked:
            self.ledger.owner.pop(partition.partition, None)


@asynccontextmanager
async def member(
    infrastructure: Infrastructure, topic: TopicSpec, worker: SlowWorker, group: str
) -> AsyncIterator[PartitionConsumer]:
    broker = make_broker(infrastructure.bootstrap, worker.name)
    consumer = PartitionConsumer(
        broker,
        [topic],
        worker,
        RuntimeMetrics(CollectorRegistry()),
        group=group,
        instance_id=f"{group}-{worker.name}",
        max_records=20,
    )
    await broker.start()
    try:
        yield consumer
    finally:
        await broker.stop()
        await consumer.close()


async def fill(infrastructure: Infrastructure, topic: TopicSpec, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=infrastructure.bootstrap, acks="all")
    await producer.start()
    for number in range(count):
        await producer.send(topic.name, b"{}", partition=number % topic.partitions)
    await producer.stop()


async def test_a_rebalance_in_full_work_keeps_ownership_and_order(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    ledger = Ledger()
    await fill(infrastructure, topic, 1_000)
    async with member(infrastructure, topic, SlowWorker("a", ledger, 0.1), topic.name):
        await until(lambda: len(ledger.handled) > 60, 30)
        async with member(infrastructure, topic, SlowWorker("b", ledger, 0.1), topic.name):
            await until(lambda: "b" in ledger.owner.values(), 30)
            await until(lambda: len(ledger.handled) > 500, 30)
        await until(lambda: len(ledger.handled) >= 1_000, 40)
    assert ledger.violations == []
    assert len(ledger.handled) == len(set(ledger.handled)) == 1_000
    assert Counter(p for p, _ in ledger.handled) == dict.fromkeys(range(4), 250)


async def test_a_transient_failure_is_retried_and_nothing_is_skipped(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    ledger = Ledger()
    await fill(infrastructure, topic, 100)
    worker = SlowWorker("a", ledger, 0, fail_first=4)
    async with member(infrastructure, topic, worker, topic.name):
        await until(lambda: len(ledger.handled) >= 100, 30)
    assert ledger.violations == []
    assert len(set(ledger.handled)) == 100


async def test_a_member_that_returns_under_its_name_starts_at_its_stored_offset(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    ledger = Ledger()
    await fill(infrastructure, topic, 200)
    async with member(infrastructure, topic, SlowWorker("a", ledger, 0.05), topic.name) as first:
        await until(lambda: len(ledger.handled) > 40, 30)
        assert first.ready() is None
    await fill(infrastructure, topic, 200)
    async with member(infrastructure, topic, SlowWorker("a", ledger, 0), topic.name):
        await until(lambda: len(ledger.handled) >= 400, 30)
    assert ledger.violations == []
    assert sorted(ledger.handled) == sorted((p, o) for p in range(4) for o in range(100))


async def test_offsets_behind_the_end_are_committed_for_lag_monitors(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    ledger = Ledger()
    await fill(infrastructure, topic, 40)
    async with member(infrastructure, topic, SlowWorker("a", ledger, 0), topic.name) as consumer:
        watching = asyncio.create_task(consumer.watch())
        await until(lambda: len(ledger.handled) >= 40, 30)
        client = consumer.subscriber.consumer
        assert client is not None
        async with asyncio.timeout(PATIENCE_S):
            while await client.committed(TopicPartition(topic.name, 0)) != 10:
                await asyncio.sleep(0.2)
        watching.cancel()


async def test_a_commit_that_takes_long_holds_up_no_batch(infrastructure: Infrastructure) -> None:
    topic = infrastructure.own_topic(ALARMS)
    ledger = Ledger()
    await fill(infrastructure, topic, 40)
    async with member(infrastructure, topic, SlowWorker("a", ledger, 0), topic.name) as consumer:
        await until(lambda: len(ledger.handled) >= 40, 30)
        client = consumer.subscriber.consumer
        assert client is not None
        commit, commit_begun, answer = client.commit, asyncio.Event(), asyncio.Event()

        async def slow(offsets: Any) -> None:
            commit_begun.set()
            await answer.wait()
            await commit(offsets)

        client.commit = slow
        await asyncio.sleep(1)  # a commit is due once a second
        await fill(infrastructure, topic, 4)
        await asyncio.wait_for(commit_begun.wait(), 10)
        await fill(infrastructure, topic, 400)
        await until(lambda: len(ledger.handled) >= 444, 10)
        answer.set()
    assert ledger.violations == []
