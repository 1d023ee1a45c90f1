"""When a producer is replaced and when not, and that there is a new one whatever fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError, OutOfOrderSequenceNumber
from prometheus_client import CollectorRegistry

from shared.runtime import producer_queue, producers
from shared.runtime import publisher as publishing
from shared.runtime.errors import Transient, Unconfirmed, Unsendable
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import MAX_REQUEST_BYTES, OutboundRecord
from shared.runtime.publisher import Publisher
from tests.support.waiting import until


class Accumulator:
    _batch_ttl = 0.0
    _closed = False
    _pop_batch = None


class Sender:
    """The task inside a producer that sends."""

    def __init__(self) -> None:
        self.sender_task = asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        raise RuntimeError("the sender has died of a bug")


class Client:
    async def _metadata_update(self) -> bool:
        return True

    async def close(self) -> None:
        return


CONFIRMED = SimpleNamespace(timestamp=1_000)
"""The answer of Kafka."""


class FakeProducer:
    """A producer of two partitions. Deliveries to partition 1 stay under way."""

    instances: list[FakeProducer]
    start_failures: list[Exception]
    _closed = False
    _txn_manager = None

    def __init__(self, **_: Any) -> None:
        self._message_accumulator = Accumulator()
        self._sender = Sender()
        self.client = Client()
        self.under_way: list[asyncio.Future[Any]] = []
        self.sent: list[bytes] = []
        self.full = 0
        FakeProducer.instances.append(self)

    async def start(self) -> None:
        if FakeProducer.start_failures:
            raise FakeProducer.start_failures.pop()

    async def stop(self) -> None:
        raise RuntimeError("cannot be stopped")

    async def partitions_for(self, _topic: str) -> set[int]:
        return {0, 1}

    async def send(
        self, _topic: str, *, value: bytes, partition: int, **_: Any
    ) -> asyncio.Future[Any]:
        if self.full:
            self.full -= 1
            raise KafkaTimeoutError
        self.sent.append(value)
        delivery: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if partition == 0:
            delivery.set_result(CONFIRMED)
        else:
            self.under_way.append(delivery)
        return delivery


Make = Callable[..., Publisher]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    FakeProducer.instances, FakeProducer.start_failures = [], []
    monkeypatch.setattr(producers, "AIOKafkaProducer", FakeProducer)
    monkeypatch.setattr(producers, "_FLUSH_S", 0.01)
    return lambda **limits: Publisher("", RuntimeMetrics(CollectorRegistry()), **limits)


def to(partition: int, value: bytes = b"x") -> list[OutboundRecord]:
    return [OutboundRecord("t", None, value, partition)]


async def confirmed(publisher: Publisher, records: list[OutboundRecord]) -> None:
    """Send records until they are confirmed: on a loaded machine the time limit is too short."""
    while True:
        with suppress(Transient):
            await publisher.send(records)
            return
        await asyncio.sleep(0)


async def test_one_partition_that_is_stuck_leaves_the_producer_to_the_others(make: Make) -> None:
    publisher = make(timeout_s=0.02, patience_s=600)
    await publisher.start()
    for _ in range(3):
        with pytest.raises(Transient):
            await publisher.send(to(1))
        await confirmed(publisher, to(0))
        assert publisher.ready() is None
    assert len(FakeProducer.instances) == 1


async def test_one_partition_may_be_stuck_for_longer_than_the_patience(make: Make) -> None:
    publisher = make(timeout_s=0.02, patience_s=0.1)
    await publisher.start()
    began = time.monotonic()
    while time.monotonic() - began < 0.5:
        with pytest.raises(Transient):
            await publisher.send(to(1))
        await confirmed(publisher, to(0))
    assert len(FakeProducer.instances) == 1
    FakeProducer.instances[0].under_way[0].set_result(CONFIRMED)


async def test_a_rebuild_that_is_cancelled_begins_again(make: Make) -> None:
    publisher = make(timeout_s=5)
    await publisher.start()
    publisher._replace(publisher.producer)
    assert publisher._rebuilding is not None
    for _ in range(3):
        publisher._rebuilding.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await until(lambda: publisher.ready() is None)
    await publisher.send(to(0))
    await publisher.stop()
    assert publisher._rebuilding.done()


async def test_a_full_queue_of_one_partition_refuses_only_its_own_records(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer_queue, "_MAX_WAITING_BYTES", 1_000)
    publisher = make(timeout_s=5)
    await publisher.start()
    producer = FakeProducer.instances[0]
    gate, send = asyncio.Event(), producer.send

    async def blocked_send(topic: str, *, partition: int, **more: Any) -> asyncio.Future[Any]:
        if partition == 1:
            await gate.wait()
        return await send(topic, partition=partition, **more)

    monkeypatch.setattr(producer, "send", blocked_send)
    waiting = asyncio.create_task(publisher.send(to(1, b"x" * 900)))
    await asyncio.sleep(0)
    with pytest.raises(Transient, match="busy: too much waits for t 1"):
        await publisher.send([*to(0), *to(1, b"x" * 200)])
    assert producer.sent == [], "nothing of a refused call is sent"
    await publisher.send(to(0, b"x" * 5_000))
    gate.set()
    await until(lambda: bool(producer.under_way))
    producer.under_way[0].set_result(CONFIRMED)
    await waiting


async def test_records_that_are_sent_apart_have_the_error_of_their_own_partition(
    make: Make,
) -> None:
    publisher = make(timeout_s=0.02, patience_s=600)
    await publisher.start()
    too_large = b"x" * (MAX_REQUEST_BYTES + 1)
    records = [*to(0), *to(1), *to(0), *to(0, too_large), *to(1)]
    errors = await publisher.send_apart(records)
    assert [type(error) for error in errors] == [
        type(None),
        Unconfirmed,
        type(None),
        Unsendable,
        Unconfirmed,
    ]
    assert len(FakeProducer.instances) == 1


async def test_while_nothing_is_confirmed_the_process_is_not_ready(make: Make) -> None:
    publisher = make(timeout_s=0.02, patience_s=600)
    await publisher.start()
    with pytest.raises(Transient):
        await publisher.send(to(1))
    assert publisher.ready() is not None
    FakeProducer.instances[0].under_way[0].set_result(CONFIRMED)
    await until(lambda: publisher.ready() is None)


@pytest.mark.parametrize("patience_s", [0, 0.1])
async def test_patience_has_an_end(make: Make, patience_s: float) -> None:
    publisher = make(timeout_s=0.02, patience_s=patience_s)
    await publisher.start()
    while len(FakeProducer.instances) == 1:
        with pytest.raises(Transient):
            await publisher.send(to(1))
        await asyncio.sleep(0)
    await confirmed(publisher, to(0))
    assert all(future.cancelled() for future in FakeProducer.instances[0].under_way)


async def test_a_refusal_replaces_the_producer_also_when_its_caller_is_cancelled(
    make: Make,
) -> None:
    publisher = make(timeout_s=5)
    await publisher.start()
    caller = asyncio.create_task(publisher.send(to(1)))
    await until(lambda: bool(FakeProducer.instances[0].under_way))
    caller.cancel()
    await asyncio.sleep(0)
    FakeProducer.instances[0].under_way[0].set_exception(OutOfOrderSequenceNumber())
    await until(lambda: len(FakeProducer.instances) == 2)
    await publisher.send(to(0))


async def test_a_producer_is_replaced_whatever_fails_meanwhile(
    make: Make,
) -> None:
    """Closing the old one fails by a bug, and so does the first attempt to make another."""
    publisher = make(timeout_s=5)
    await publisher.start()
    FakeProducer.start_failures = [ValueError("a bug"), OSError("no network")]
    caller = asyncio.create_task(publisher.send(to(1)))
    await until(lambda: bool(FakeProducer.instances[0].under_way))
    FakeProducer.instances[0].under_way[0].set_exception(OutOfOrderSequenceNumber())
    with pytest.raises(Transient):
        await caller
    await until(lambda: publisher.ready() is None)
    await publisher.send(to(0))


async def test_a_caller_waits_while_the_producer_is_full(make: Make) -> None:
    publisher = make(timeout_s=5)
    await publisher.start()
    FakeProducer.instances[0].full = 3
    await publisher.send(to(0))
    assert len(FakeProducer.instances) == 1


async def test_a_full_queue_refuses_further_callers(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_MAX_QUEUED_BYTES", 1_000)
    publisher = make(timeout_s=5)
    await publisher.start()
    gate = asyncio.Event()

    async def blocked_partitions(_topic: str) -> set[int]:
        await gate.wait()
        return {0, 1}

    monkeypatch.setattr(FakeProducer.instances[0], "partitions_for", blocked_partitions)
    first = asyncio.create_task(publisher.send(to(0, b"x" * 5_000)))  # alone it may be larger
    await asyncio.sleep(0)
    with pytest.raises(Transient, match="busy"):
        await publisher.send(to(0))
    gate.set()
    await first
    await publisher.send(to(0))


async def test_nothing_of_a_call_is_sent_with_a_record_that_is_too_large(make: Make) -> None:
    publisher = make(timeout_s=5)
    await publisher.start()
    with pytest.raises(Unsendable) as refused:
        await publisher.send([*to(0), *to(0, b"x" * 3_000_000)])
    assert refused.value.position == 1
    assert FakeProducer.instances[0].sent == []
