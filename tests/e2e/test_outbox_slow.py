"""The outbox relay before a Kafka that is slower than the rows come: it moves on, and repeats
nothing that is still under way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from prometheus_client import CollectorRegistry

from shared.contracts.topics import PAGE_ANSWERS, TopicSpec
from shared.runtime import outbox_trouble
from shared.runtime.errors import Unconfirmed
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.outbox_trouble import TroubledPartitions
from shared.runtime.publisher import PendingRecords, Publisher
from tests.e2e.test_inbox import read
from tests.e2e.test_outbox import relaying, troubled_of
from tests.support.infrastructure import Infrastructure

pytestmark = [pytest.mark.e2e]


class SlowPublisher(Publisher):
    """A publisher that waits before each batch; `most_rows` of a batch are confirmed in time."""

    def __init__(self, infrastructure: Infrastructure) -> None:
        super().__init__(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
        self.delay_s = 0.0
        self.most_rows = 1_000_000
        self.batches: list[Sequence[OutboundRecord]] = []

    async def begin(
        self,
        producer: AIOKafkaProducer,
        records: Iterable[OutboundRecord],
        timeout_s: float | None = None,
    ) -> PendingRecords:
        batch = list(records)
        self.batches.append(batch)
        async with self._bounded(timeout_s):
            await asyncio.sleep(self.delay_s)
        if len(batch) > self.most_rows:
            raise Unconfirmed("not confirmed within this test")
        return await super().begin(producer, batch, timeout_s)


async def until_out_of_trouble(troubled: TroubledPartitions) -> None:
    """Try until no partition is in trouble any more."""
    async with asyncio.timeout(120):
        while troubled.partitions:
            await troubled.attempt()
            await asyncio.sleep(0.02)


def in_trouble(target: TopicSpec, troubled: TroubledPartitions) -> TroubledPartitions:
    """Put the first partition of a topic into trouble."""
    troubled.add(TopicPartition(target.name, 0), Unconfirmed("not confirmed within 2 s"))
    return troubled


async def test_rows_under_way_are_awaited_and_not_sent_again(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt of three seconds sent its rows anew each time, and Kafka got them for ever."""
    monkeypatch.setattr(outbox_trouble, "_ATTEMPT_S", 0.05)
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    publisher = SlowPublisher(infrastructure)
    rows = [("k", f"slow-{n}", b"%d" % n) for n in range(700)]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        publisher.delay_s = 0.5
        await until_out_of_trouble(in_trouble(target, troubled_of(database, publisher)))
        assert len(publisher.batches[0]) == 500
        publisher.delay_s = 0.0
        assert not await relay.publish_waiting()
        assert sum(map(len, publisher.batches)) == 700
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 0
    published = await read(infrastructure, target.name, 700)
    assert [int(record.value) for record in published] == list(range(700))


async def test_a_partition_too_slow_for_a_batch_gets_a_smaller_one(
    infrastructure: Infrastructure,
) -> None:
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    publisher = SlowPublisher(infrastructure)
    rows = [("k", f"narrow-{n}", b"%d" % n) for n in range(40)]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        publisher.most_rows = 3
        troubled = in_trouble(target, troubled_of(database, publisher))
        await until_out_of_trouble(troubled)
        assert [len(batch) for batch in publisher.batches] == [40, 20, 10, 5, 2]
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 38
        publisher.most_rows = 40
        assert not await relay.publish_waiting()


async def test_a_batch_of_large_rows_has_few(infrastructure: Infrastructure) -> None:
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    publisher = SlowPublisher(infrastructure)
    rows = [("k", f"large-{n}", b"%d" % n + b" " * 400_000) for n in range(25)]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        troubled = in_trouble(target, troubled_of(database, publisher))
        await until_out_of_trouble(troubled)
        assert [len(batch) for batch in publisher.batches] == [3], "at most 1 MiB and a row"
        relay._batch = 10
        assert not await relay.publish_waiting()
        assert [len(batch) for batch in publisher.batches] == [3, 10, 10, 2]
    published = await read(infrastructure, target.name, 25)
    assert [int(record.value.split()[0]) for record in published] == list(range(25))
