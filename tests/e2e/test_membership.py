"""An evicted member notices before it publishes; a member with a long restore stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from shared.contracts.topics import ALARMS, TopicSpec
from shared.runtime import group_membership
from shared.runtime.broker import make_broker
from shared.runtime.errors import LostOwnership
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.partition_consumer import PartitionConsumer
from shared.runtime.stored_offsets import StoredOffset
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

SESSION_S = 10


class Judge:
    """A Worker whose store cannot refuse a late write; restoring waits for `may_restore`."""

    def __init__(self, name: str, offsets: dict[TopicPartition, int]) -> None:
        self.name, self.offsets = name, offsets
        self.may_restore = asyncio.Event()
        self.restoring = 0
        self.owned: set[TopicPartition] = set()
        self.judged: list[tuple[int, int]] = []
        self.released: list[TopicPartition] = []
        self.lost: list[TopicPartition] = []

    def stored(self, partition: TopicPartition) -> StoredOffset | None:
        offset = self.offsets.get(partition)
        return None if offset is None else StoredOffset(offset)

    async def move(self, partition: TopicPartition, target: StoredOffset) -> None:
        self.offsets[partition] = target.next_offset

    async def restore(
        self, assigned: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, StoredOffset]:
        self.restoring += 1
        await self.may_restore.wait()
        self.owned |= set(assigned)
        return {
            partition: StoredOffset(self.offsets[partition])
            for partition in assigned
            if partition in self.offsets
        }

    async def handle(self, records: list[Any]) -> None:
        for record in records:
            self.judged.append((record.partition, record.offset))
            self.offsets[TopicPartition(record.topic, record.partition)] = record.offset + 1

    async def release(self, revoked: Sequence[TopicPartition]) -> None:
        self.released += revoked
        self.owned -= set(revoked)

    async def forget(self, lost: Sequence[TopicPartition]) -> None:
        self.lost += lost
        self.owned -= set(lost)


@asynccontextmanager
async def member(
    infrastructure: Infrastructure, topic: TopicSpec, judge: Judge
) -> AsyncIterator[PartitionConsumer]:
    broker = make_broker(infrastructure.bootstrap, judge.name)
    consumer = PartitionConsumer(
        broker,
        [topic],
        judge,
        RuntimeMetrics(CollectorRegistry()),
        group=topic.name,
        instance_id=f"{topic.name}-{judge.name}",
    )
    consumer.on_lost = judge.forget
    await broker.start()
    try:
        yield consumer
    finally:
        judge.may_restore.set()
        await broker.stop()
        await consumer.close()


def fall_silent(monkeypatch: pytest.MonkeyPatch, consumer: PartitionConsumer) -> None:
    """Keep the member's heartbeats from Kafka, like a frozen process."""

    async def unheard() -> bool:
        return True

    client = consumer.subscriber.consumer
    assert client is not None
    monkeypatch.setattr(client._coordinator, "_do_heartbeat", unheard)


async def fill(infrastructure: Infrastructure, topic: TopicSpec) -> None:
    records = [(None, b"{}", number % topic.partitions) for number in range(40)]
    await produce(infrastructure.bootstrap, topic.name, records)


@pytest.mark.timeout(180)
async def test_an_evicted_member_publishes_nothing_and_joins_anew(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    all_partitions = {TopicPartition(topic.name, number) for number in range(topic.partitions)}
    offsets: dict[TopicPartition, int] = {}
    frozen, judge = Judge("a", offsets), Judge("b", offsets)
    frozen.may_restore.set()
    judge.may_restore.set()
    async with member(infrastructure, topic, frozen) as first:
        await until(lambda: frozen.owned == all_partitions, 60)
        await first.confirm()
        with monkeypatch.context() as silence:
            fall_silent(silence, first)
            async with member(infrastructure, topic, judge):
                await until(lambda: judge.owned == all_partitions, 90)
                assert frozen.owned == all_partitions, "it does not know yet"
                with pytest.raises(LostOwnership):
                    await first.confirm()
                silence.undo()
                await until(lambda: set(frozen.lost) == all_partitions, 60)
                assert frozen.released == [], "nothing is stored for what others own"
                await until(lambda: bool(frozen.owned) and bool(judge.owned), 60)
                await until(lambda: frozen.owned | judge.owned == all_partitions, 60)
                assert not frozen.owned & judge.owned
                await first.confirm()
                await fill(infrastructure, topic)
                await until(lambda: len(frozen.judged) + len(judge.judged) >= 40, 60)
    assert sorted(frozen.judged + judge.judged) == [(p, o) for p in range(4) for o in range(10)]


@pytest.mark.timeout(180)
async def test_a_refused_commit_ends_the_work(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    frozen, judge = Judge("a", {}), Judge("b", {})
    frozen.may_restore.set()
    judge.may_restore.set()
    async with member(infrastructure, topic, frozen) as first:
        watching = asyncio.create_task(first.watch())
        await until(lambda: len(frozen.owned) == topic.partitions, 60)
        fall_silent(monkeypatch, first)
        async with member(infrastructure, topic, judge):
            await until(lambda: len(judge.owned) == topic.partitions, 90)
            await fill(infrastructure, topic)  # the frozen member reads it too, once
            await until(lambda: len(frozen.lost) == topic.partitions, 60)
            assert frozen.released == []
        watching.cancel()


@pytest.mark.timeout(180)
async def test_a_member_evicted_while_restoring_handles_nothing(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    await fill(infrastructure, topic)
    slow, judge = Judge("a", {}), Judge("b", {})
    judge.may_restore.set()
    with monkeypatch.context() as silence:
        silence.setattr(group_membership, "start_heartbeats", lambda _: None)
        async with member(infrastructure, topic, slow):
            await until(lambda: slow.restoring == 1, 60)
            async with member(infrastructure, topic, judge):
                await until(lambda: len(judge.judged) >= 40, 90)
                slow.may_restore.set()
                await until(lambda: len(slow.lost) == topic.partitions, 60)
                assert slow.judged == []
                assert slow.released == []


@pytest.mark.timeout(180)
async def test_a_long_restore_costs_no_membership(infrastructure: Infrastructure) -> None:
    topic = infrastructure.own_topic(ALARMS)
    await fill(infrastructure, topic)
    slow = Judge("a", {})
    async with member(infrastructure, topic, slow) as only:
        await until(lambda: slow.restoring == 1, 60)
        await asyncio.sleep(1.5 * SESSION_S)  # what is tested is a restore longer than the session
        slow.may_restore.set()
        await until(lambda: len(slow.judged) >= 40, 60)
        await only.confirm()
    assert slow.restoring == 1
    assert slow.lost == []


@pytest.mark.timeout(180)
async def test_a_restore_is_given_up_for_a_rebalance(infrastructure: Infrastructure) -> None:
    topic = infrastructure.own_topic(ALARMS)
    await fill(infrastructure, topic)
    slow, judge = Judge("a", {}), Judge("b", {})
    judge.may_restore.set()
    async with member(infrastructure, topic, slow) as first:
        await until(lambda: slow.restoring == 1, 60)
        async with member(infrastructure, topic, judge):
            await until(lambda: slow.restoring == 2, 60)
            assert slow.owned == set(), "the first restore has not ended"
            slow.may_restore.set()
            await until(lambda: len(slow.judged) + len(judge.judged) >= 40, 60)
            await first.confirm()
    assert sorted(slow.judged + judge.judged) == [(p, o) for p in range(4) for o in range(10)]
