"""Pattern (ii) on a real Kafka and a real Postgres: poison, conflicts, repeats, stale owners (ADR
3)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from prometheus_client import CollectorRegistry

from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.ids import dead_letter_id
from shared.contracts.topics import DEAD_LETTER, NOTICES, PAGE_ANSWERS, REPORTS, TopicSpec
from shared.runtime.broker import make_broker
from shared.runtime.clock import SystemClock
from shared.runtime.database import Database, Transaction
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.decoding import MAX_LETTER_BYTES, decode_value
from shared.runtime.errors import LostOwnership, Reject, Transient
from shared.runtime.inbound_messages import Apply, InboundMessage, PriorityRule
from shared.runtime.inbox import InboxWorker
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbox import OutboxRelay
from shared.runtime.outbox_trouble import TroubledPartitions
from shared.runtime.partition_consumer import PartitionConsumer
from shared.runtime.publisher import Publisher
from tests.support.infrastructure import Infrastructure
from tests.support.waiting import PATIENCE_S, until

pytestmark = [pytest.mark.e2e]

GOLDEN = Path(__file__).parents[1] / "contract" / "golden"
REPORT = json.loads((GOLDEN / "incident.reports.v1@initial.json").read_bytes())
NOTICE = NOTICES.model.validate_json((GOLDEN / "public.notices.v1@orange.json").read_bytes())


def report(serial: int, **change: Any) -> bytes:
    return json.dumps({**REPORT, "id": f"report-{serial}", **change}).encode()


class Service:
    """A small service on the product's own runtime; it notes the ids that it has applied."""

    def __init__(
        self,
        infrastructure: Infrastructure,
        topic: TopicSpec,
        priority: PriorityRule | None = None,
        max_records: int = 500,
        schema: str = "alerting",
        name: str = "test",
    ) -> None:
        self.topic = topic
        self.registry = CollectorRegistry()
        self.metrics = RuntimeMetrics(self.registry)
        group = topic.name if name == "test" else f"{topic.name}.{name}"
        self.publisher = Publisher(infrastructure.bootstrap, self.metrics)
        self.database = Database(infrastructure.dsn(), schema)
        letters = DeadLetters(name, self.publisher, self.metrics, SystemClock())
        self.worker = InboxWorker(
            self.database, group, self.apply, letters, self.metrics, priority=priority
        )
        self.broker = make_broker(infrastructure.bootstrap, "test")
        self.consumer = PartitionConsumer(
            self.broker,
            [topic],
            self.worker,
            self.metrics,
            group=group,
            instance_id=None,
            max_records=max_records,
            priority_worker=self.worker if priority is not None else None,
        )
        self.applied: list[str] = []
        self.bug = "a bug"
        self.publish_to: TopicSpec | None = None
        self.handler: Apply | None = None

    async def apply(self, transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        for incoming in messages:
            if incoming.message.headline == "refuse me":
                raise Reject(Reason.NOT_ALLOWED, "asked for it")
            if incoming.message.headline == self.bug:
                raise KeyError("planted")
            if self.publish_to:
                transaction.publish(self.publish_to, "k", NOTICE, f"out-{incoming.message.id}")
        if self.handler is not None:
            await self.handler(transaction, messages)
        self.applied += [incoming.message.id for incoming in messages]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Connect to Kafka and Postgres without consuming."""
        async with AsyncExitStack() as stack:
            await self.database.start()
            stack.push_async_callback(self.database.stop)
            await self.publisher.start()
            stack.push_async_callback(self.publisher.stop)
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self.connected():
            await self.broker.start()
            try:
                yield
            finally:
                await self.broker.stop()
                await self.consumer.close()


async def send(infrastructure: Infrastructure, topic: TopicSpec, records: list[Any]) -> None:
    """Send (value, headers) pairs to partition 0."""
    producer = AIOKafkaProducer(bootstrap_servers=infrastructure.bootstrap, acks="all")
    await producer.start()
    for value, headers in records:
        await producer.send_and_wait(topic.name, value, key=b"k", partition=0, headers=headers)
    await producer.stop()


async def read(infrastructure: Infrastructure, topic: str, count: int) -> list[Any]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=infrastructure.bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0)])
    results: list[Any] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while len(results) < count:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    results += records
    finally:
        await consumer.stop()
    return results


async def test_an_invalid_record_is_stored_with_its_bytes_and_delays_nothing(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(REPORTS)
    hostile = [
        ("reply_to", topic.name.encode()),
        ("x", b"\xff\xfe"),
        ("content-type", b"text/evil"),
    ]
    bad = [
        (b"{not json", [], Reason.NOT_JSON),
        (report(1, number="one"), [], Reason.SCHEMA),
        (report(2, headline="refuse me"), [], Reason.NOT_ALLOWED),
        (report(3, headline="a bug"), [("x", b"\xff")], Reason.HANDLER_ERROR),
        (b"\xff\xfe\x00", [], Reason.NOT_JSON),
        (None, [], Reason.SCHEMA),
    ]
    good = [(report(10), hostile), (report(11), []), (report(12), [])]
    mixed = [good[0], *[(value, headers) for value, headers, _ in bad], *good[1:]]
    service = Service(infrastructure, topic)
    async with service.running():
        await send(infrastructure, topic, mixed)
        await until(lambda: len(service.applied) >= 3)
        letters: list[DeadLetter] = [
            DEAD_LETTER.validate_json(record.value)
            for record in await read(infrastructure, topic.dlq, len(bad))
        ]
        reread = await read(infrastructure, topic.name, len(mixed))
    assert service.applied == ["report-10", "report-11", "report-12"]
    assert len(reread) == len(mixed), "reply_to made us publish"
    by_offset = {letter.offset: letter for letter in letters}
    assert len(by_offset) == len(letters) == len(bad)
    for offset, (value, _, reason) in enumerate(bad, start=1):
        letter = by_offset[offset]
        assert letter.reason is reason
        assert letter.id == dead_letter_id("test", topic.name, 0, offset)
        content = None if letter.value_b64 is None else base64.b64decode(letter.value_b64)
        assert content == value


async def test_a_record_larger_than_any_dead_letter_delays_nothing(
    infrastructure: Infrastructure,
) -> None:
    """A few kB of gzip in the log: a key of 3 MiB, a value of 20 MiB, a value of nearly 1 MiB."""
    topic = infrastructure.own_topic(REPORTS, compression="producer")
    producer = AIOKafkaProducer(
        bootstrap_servers=infrastructure.bootstrap,
        compression_type="gzip",
        max_request_size=64 * 1_048_576,
    )
    await producer.start()
    large = [(b"k" * 3 * 1_048_576, b"{"), (b"k", b"x" * 20 * 1_048_576), (b"k", b"x" * 1_040_000)]
    for key, value in large:
        await producer.send_and_wait(topic.name, value, key=key, partition=0)
    await producer.stop()
    service = Service(infrastructure, topic)
    async with service.running():
        await send(infrastructure, topic, [(report(15), [])])
        await until(lambda: service.applied == ["report-15"])
        records = await read(infrastructure, topic.dlq, 3)
    letters = [decode_value(DEAD_LETTER, record.value, MAX_LETTER_BYTES) for record in records]
    cut = {letter.offset: letter.cut for letter in letters}
    assert cut == {0: ("key",), 1: ("value",), 2: ()}
    assert service.metrics.producers._value.get() == 1, "no send failed"


async def test_a_repeat_is_dropped_and_another_body_under_the_same_id_is_refused(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(REPORTS)
    service = Service(infrastructure, topic)
    resent = report(20, sent_at="2026-11-24T13:00:00Z")
    async with service.running():
        first: list[Any] = [
            (report(20), []),
            (report(20), []),
            (resent, []),
            (report(20, text="other"), []),
        ]
        await send(infrastructure, topic, first)
        await until(lambda: len(service.applied) >= 1)
        await send(infrastructure, topic, [(report(20), []), (report(21), [])])
        await until(lambda: "report-21" in service.applied)
        letters = await read(infrastructure, topic.dlq, 1)
    assert service.applied == ["report-20", "report-21"]
    assert [DEAD_LETTER.validate_json(letter.value).reason for letter in letters] == [
        Reason.ID_CONFLICT
    ]


async def test_a_stale_owner_changes_nothing(infrastructure: Infrastructure) -> None:
    topic = infrastructure.own_topic(REPORTS)
    await send(infrastructure, topic, [(report(30), []), (report(31), [])])
    records = await read(infrastructure, topic.name, 2)
    service, zombie = Service(infrastructure, topic), Service(infrastructure, topic)
    partition = TopicPartition(topic.name, 0)
    async with AsyncExitStack() as stack:
        for member in (service, zombie):
            await member.database.start()
            stack.push_async_callback(member.database.stop)
            await member.publisher.start()
            stack.push_async_callback(member.publisher.stop)
            await member.worker.restore([partition])
        await service.worker.handle(records)
        with pytest.raises(LostOwnership):
            await zombie.worker.handle(records)
        async with service.database.transaction() as work:
            visible_rows = await work.connection.fetchval(
                "SELECT count(*) FROM alerting.inbox WHERE event_id = ANY($1::text[])",
                ["report-30", "report-31"],
            )
    assert service.applied == ["report-30", "report-31"]
    assert visible_rows == 2


async def test_the_outbox_publishes_exactly_the_committed_records(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(REPORTS)
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    await send(infrastructure, topic, [(report(n), []) for n in range(40, 60)])
    records = await read(infrastructure, topic.name, 20)
    service = Service(infrastructure, topic)
    service.publish_to = target
    troubled = TroubledPartitions(service.database, service.publisher, service.metrics)
    relay = OutboxRelay(service.database, service.publisher, troubled)
    async with service.running():
        await until(lambda: len(service.applied) >= 20)
        with pytest.raises(Transient):
            async with service.database.transaction() as transaction:
                transaction.publish(target, "k", NOTICE, "out-rolled-back")
                raise Transient("rolled back")
        running = asyncio.create_task(relay.run())
        published = await read(infrastructure, target.name, 20)
        await asyncio.sleep(0.5)
        running.cancel()
        reread = await read(infrastructure, target.name, 20)
        async with service.database.transaction() as work:
            waiting = await work.connection.fetchval(
                "SELECT count(*) FROM alerting.outbox WHERE topic = $1",
                target.name,
            )
    assert len(published) == len(reread) == len(records) == 20
    assert waiting == 0
