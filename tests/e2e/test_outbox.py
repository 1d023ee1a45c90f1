"""The outbox relay on a real Kafka and Postgres: in order, and no row gone before Kafka is known to
have it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace as replace_fields

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from prometheus_client import CollectorRegistry

from deploy.commands.outbox import quarantined_rows, release
from deploy.local.topics import ensure_topics, new_topic
from shared.contracts.topics import PAGE_ANSWERS, TopicSpec
from shared.runtime import outbox
from shared.runtime.database import Database
from shared.runtime.errors import Transient, Unconfirmed, Unsendable
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import OutboundRecord, partition_of
from shared.runtime.outbox import OutboxRelay
from shared.runtime.outbox_trouble import TroubledPartitions
from shared.runtime.publisher import PendingRecords, Publisher
from tests.e2e.test_inbox import read
from tests.support.infrastructure import Infrastructure

pytestmark = [pytest.mark.e2e]


@asynccontextmanager
async def relaying(
    infrastructure: Infrastructure,
    publisher: Publisher,
    target: TopicSpec,
    rows: Sequence[tuple[str, str, bytes]],
) -> AsyncIterator[tuple[OutboxRelay, Database]]:
    """Yield a relay by this publisher; `rows` are key, id and value of the rows of its outbox."""
    database = Database(infrastructure.dsn(), "alerting")
    async with AsyncExitStack() as stack:
        await database.start()
        stack.push_async_callback(database.stop)
        await publisher.start()
        stack.push_async_callback(publisher.stop)
        async with database.transaction() as transaction:
            await transaction.publish_new(target, rows)
        yield OutboxRelay(database, publisher, troubled_of(database, publisher)), database


def troubled_of(database: Database, publisher: Publisher) -> TroubledPartitions:
    """The partitions in trouble of a relay."""
    return TroubledPartitions(database, publisher, RuntimeMetrics(CollectorRegistry()))


async def replace(publisher: Publisher, producer: AIOKafkaProducer) -> None:
    """Replace the producer, and wait for the next one."""
    publisher._replace(producer)
    await publisher._rebuild_tried.wait()


class StopsAfter(Publisher):
    """Kafka takes so many batches and then no more."""

    remaining = 0

    async def begin(
        self,
        producer: AIOKafkaProducer,
        records: Iterable[OutboundRecord],
        timeout_s: float | None = None,
    ) -> PendingRecords:
        if self.remaining == 0:
            raise Transient("no more")
        self.remaining -= 1
        return await super().begin(producer, records, timeout_s)


async def test_records_published_before_a_failure_are_not_published_again(
    infrastructure: Infrastructure,
) -> None:
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    publisher = StopsAfter(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    rows = [("k", f"many-{n}", str(n).encode()) for n in range(5_000)]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        publisher.remaining = 2
        with pytest.raises(Transient, match="no more"):
            await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 1_000
        publisher.remaining = 1
        assert not await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 0
    published = await read(infrastructure, target.name, 5_000)
    assert [int(record.value) for record in published] == list(range(5_000))


async def test_the_largest_message_that_can_be_queued_leaves(
    infrastructure: Infrastructure,
) -> None:
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    publisher = Publisher(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    async with relaying(infrastructure, publisher, target, [("k", "first", b"{}")]) as parts:
        relay, database = parts
        size = target.max_bytes
        while size:
            try:
                async with database.transaction() as work:
                    work.publish_encoded(target, "k", "largest", b"x" * size)
                break
            except Unsendable:
                size -= 1
        assert size > 1_000_000
        await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 0
    assert [len(record.value) for record in await read(infrastructure, target.name, 2)] == [2, size]


async def test_batches_under_way_keep_the_order_of_every_key(
    infrastructure: Infrastructure,
) -> None:
    """Each batch is more than the producer takes at once for a partition, so the second waits."""
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=2)
    publisher = Publisher(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    keys = [f"key-{n % 7}" for n in range(9_000)]
    rows = [(key, f"wide-{n}", b"%d" % n + b" " * 500) for n, key in enumerate(keys)]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        assert not await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 0
    expected = [n for n, key in enumerate(keys) if partition_of(key.encode(), 2) == 0]
    assert 3_000 < len(expected) < 7_000
    published = await read(infrastructure, target.name, len(expected))
    assert [int(record.value) for record in published] == expected


class FailsOnce(Publisher):
    """The outcome of the first batch is unknown, so the producer is replaced; the next succeeds."""

    failed = False

    async def begin(
        self,
        producer: AIOKafkaProducer,
        records: Iterable[OutboundRecord],
        timeout_s: float | None = None,
    ) -> PendingRecords:
        if not self.failed:
            self.failed = True
            await replace(self, producer)
            raise Transient("not this one")
        return await super().begin(producer, records, timeout_s)


async def test_nothing_overtakes_a_batch_that_failed(
    infrastructure: Infrastructure,
) -> None:
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    publisher = FailsOnce(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    rows = [("k", f"behind-{n}", str(n).encode()) for n in range(5_000)]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        with pytest.raises(Transient, match="not this one"):
            await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 5_000
        assert not await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 0
    published = [int(record.value) for record in await read(infrastructure, target.name, 5_000)]
    assert published == list(range(5_000))


class LosesConfirmation(Publisher):
    """Kafka has every batch, but the n-th confirmation is lost; then there is another producer."""

    number = 0
    confirmations = 0

    async def confirm(self, pending: PendingRecords, timeout_s: float | None = None) -> None:
        await super().confirm(pending, timeout_s)
        self.confirmations += 1
        if self.confirmations == self.number:
            await replace(self, pending.producer)
            raise Transient("no confirmation")


@pytest.mark.parametrize(("number", "remaining"), [(1, 7_000), (2, 5_000), (4, 1_000)])
async def test_rows_after_a_batch_that_failed_stay_also_when_kafka_has_them(
    infrastructure: Infrastructure, number: int, remaining: int
) -> None:
    """Kafka has one later batch already; a reader that drops repeats reads all of them in order."""
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    publisher = LosesConfirmation(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    publisher.number = number
    rows = [("k", f"unconfirmed-{number}-{n}", str(n).encode()) for n in range(7_000)]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        with pytest.raises(Transient, match="no confirmation"):
            await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == remaining
        assert not await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 0
    sent = min(7_000 - remaining + 4_000, 7_000) + remaining
    published = [int(record.value) for record in await read(infrastructure, target.name, sent)]
    assert len(published) == sent
    assert list(dict.fromkeys(published)) == list(range(7_000))


class ReplacedAfterFirst(Publisher):
    """Another failure replaces the producer when it has taken the first batch."""

    replaced = False

    async def begin(
        self,
        producer: AIOKafkaProducer,
        records: Iterable[OutboundRecord],
        timeout_s: float | None = None,
    ) -> PendingRecords:
        pending = await super().begin(producer, records, timeout_s)
        if not self.replaced:
            self.replaced = True
            await replace(self, producer)
        return pending


async def test_a_batch_uses_the_same_producer_as_the_previous_batch(
    infrastructure: Infrastructure,
) -> None:
    """The other producer knows nothing of what is under way: its records might come first."""
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    publisher = ReplacedAfterFirst(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    rows = [("k", f"other-way-{n}", str(n).encode()) for n in range(5_000)]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        with pytest.raises(Transient, match="rebuilt"):
            await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 3_000
        assert not await relay.publish_waiting()
    published = [int(record.value) for record in await read(infrastructure, target.name, 5_000)]
    assert published == list(range(5_000))


async def test_a_relay_reports_whether_more_rows_may_follow(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_BATCH", 10)
    monkeypatch.setattr(outbox, "_BATCHES", 2)
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    publisher = Publisher(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    rows = [("k", f"more-{n}", str(n).encode()) for n in range(45)]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        assert [await relay.publish_waiting() for _ in range(3)] == [True, True, False]
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 0


def spread(*targets: str, count: int) -> list[tuple[str, str, bytes]]:
    """Topic, id and value of rows that alternate between the topics."""
    return [(topic, f"{topic}-{n}", b"%d" % n) for n in range(count) for topic in targets]


async def queue_rows(database: Database, rows: Iterable[tuple[str, str, bytes]]) -> None:
    await database.pool.executemany(
        "INSERT INTO alerting.outbox (topic, part, event_id, key, value) "
        "VALUES ($1, 0, $2, 'k', $3)",
        list(rows),
    )


async def test_a_topic_that_does_not_exist_holds_up_no_other_and_recovers_in_order(
    infrastructure: Infrastructure,
) -> None:
    healthy = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    absent = healthy.name + ".absent"
    publisher = Publisher(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    async with relaying(infrastructure, publisher, healthy, []) as (relay, database):
        troubled = relay._troubled
        await queue_rows(database, spread(absent, healthy.name, count=50))
        await relay.publish_waiting()
        assert [int(r.value) for r in await read(infrastructure, healthy.name, 50)] == [*range(50)]
        assert troubled.partitions == [TopicPartition(absent, 0)]
        await troubled.measure_once()
        assert troubled._metrics.outbox._value.get() == 50
        await queue_rows(database, [(healthy.name, "later", b"50"), (absent, "last", b"50")])
        assert not await relay.publish_waiting()
        await read(infrastructure, healthy.name, 51)
        await troubled.attempt()
        assert troubled.partitions == [TopicPartition(absent, 0)]
        topic = replace_fields(healthy, name=absent)
        infrastructure.run(ensure_topics(infrastructure.bootstrap, [new_topic(topic)]))
        async with asyncio.timeout(60):
            while troubled.partitions:
                await troubled.attempt()
                await asyncio.sleep(0.05)
        assert not await relay.publish_waiting()
        await troubled.measure_once()
        assert troubled._metrics.outbox._value.get() == 0
        published = [int(record.value) for record in await read(infrastructure, absent, 51)]
    assert list(dict.fromkeys(published)) == [*range(51)]


async def test_a_row_that_kafka_refuses_is_set_aside_alone_and_may_be_sent_again(
    infrastructure: Infrastructure,
) -> None:
    healthy = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    small = replace_fields(healthy, name=healthy.name + ".small", max_bytes=2_000)
    infrastructure.run(ensure_topics(infrastructure.bootstrap, [new_topic(small)]))
    publisher = Publisher(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    async with relaying(infrastructure, publisher, healthy, []) as (relay, database):
        troubled = relay._troubled
        rows = spread(small.name, healthy.name, count=20)
        large = (small.name, "large", b"x" * 5_000)
        await queue_rows(database, [*rows[:20], large, *rows[20:]])
        for _ in range(3):
            with contextlib.suppress(Transient):
                await relay.publish_waiting()
        assert troubled.partitions == [TopicPartition(small.name, 0)]
        await read(infrastructure, healthy.name, 20)
        async with asyncio.timeout(60):
            while troubled.partitions:
                await troubled.attempt()
                await asyncio.sleep(0.05)
        published = [int(record.value) for record in await read(infrastructure, small.name, 20)]
        assert list(dict.fromkeys(published)) == [*range(20)]
        connection = await asyncpg.connect(infrastructure.dsn())
        try:
            [row] = await quarantined_rows(connection)
            assert (row["service"], row["event_id"]) == ("alerting", "large")
            assert row["error"]
            await troubled.measure_once()
            assert troubled._metrics.outbox_set_aside._value.get() == 1
            assert not await relay.publish_waiting()
            await connection.execute("UPDATE alerting.outbox SET value = '20'")
            assert await release(connection, "alerting", [row["seq"]]) == 1
        finally:
            await connection.close()
        assert not await relay.publish_waiting()
        assert await database.pool.fetchval("SELECT count(*) FROM alerting.outbox") == 0
    assert int((await read(infrastructure, small.name, len(published) + 1))[-1].value) == 20


class StuckPartition(Publisher):
    """Partition 0 has no leader."""

    stuck = True
    attempts = 0

    async def begin(
        self,
        producer: AIOKafkaProducer,
        records: Iterable[OutboundRecord],
        timeout_s: float | None = None,
    ) -> PendingRecords:
        own_records = list(records)
        if self.stuck and any(record.partition == 0 for record in own_records):
            self.attempts += 1
            raise Unconfirmed("not confirmed within 2 s")
        return await super().begin(producer, own_records, timeout_s)


async def test_a_partition_without_a_leader_holds_up_its_own_rows_only(
    infrastructure: Infrastructure,
) -> None:
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=2)
    publisher = StuckPartition(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))
    rows = [(f"key-{n % 7}", f"stuck-{n}", b"%d" % n) for n in range(3_000)]
    own = [partition_of(key.encode(), 2) for key, _, _ in rows]
    async with relaying(infrastructure, publisher, target, rows) as (relay, database):
        troubled = relay._troubled
        await relay.publish_waiting()
        while await relay.publish_waiting():
            pass
        assert publisher.attempts == 1, "the relay leaves the partition out"
        assert troubled.partitions == [TopicPartition(target.name, 0)]
        query = "SELECT count(*) FROM alerting.outbox"
        assert await database.pool.fetchval(query) == own.count(0)
        await troubled.attempt()
        async with database.transaction() as transaction:
            await transaction.publish_new(target, [("key-0", "stuck-3000", b"3000")])
        publisher.stuck = False
        async with asyncio.timeout(60):
            while troubled.partitions:
                await troubled.attempt()
                await asyncio.sleep(0.05)
        while await relay.publish_waiting():
            pass
        assert await database.pool.fetchval(query) == 0
    expected = [n for n in range(3_000) if own[n] == 0]
    if partition_of(b"key-0", 2) == 0:
        expected.append(3_000)
    published = await read(infrastructure, target.name, len(expected))
    assert [int(record.value) for record in published] == expected
