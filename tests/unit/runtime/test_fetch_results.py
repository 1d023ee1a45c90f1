"""aiokafka's own fetcher over partitions of which one cannot be read: the others lose nothing."""

from __future__ import annotations

import asyncio
import gc
from types import SimpleNamespace
from typing import Any

import aiokafka
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.errors import KafkaError, NodeNotReadyError, TopicAuthorizationFailedError

from shared.contracts.topics import ALARMS
from shared.fastpath.fast_records import FastRecords
from shared.runtime import broker
from shared.runtime.fetching import fetch_results, fetch_states
from shared.runtime.fetching.consumer import CheckedConsumer
from shared.runtime.fetching.partition_records import OrdinaryRecords, RecordReader
from tests.support.batches import batch_of, marker, sealed

GOOD, BAD, LAST = (TopicPartition("alarm.events.v1", number) for number in range(3))
NODE = 1


class FetcherOfTest:
    """A fetcher of aiokafka, and the answers that Kafka gives it."""

    def __init__(self, read: RecordReader) -> None:
        self.assignment = Assignment([GOOD, BAD, LAST])
        self._client: Any = SimpleNamespace(
            _loop=asyncio.get_running_loop(), _metadata_max_age_ms=1_000, send=self._send
        )
        subscriptions = SimpleNamespace(
            reassignment_in_progress=False,
            is_assigned=lambda _partition: True,
            register_fetch_waiters=lambda _waiters: None,
            subscription=None,
            wait_for_assignment=lambda: asyncio.get_running_loop().create_future(),
        )
        self.fetcher = fetcher.Fetcher(
            self._client, subscriptions, isolation_level="read_committed"
        )
        fetch_results.FetchedPartitions(self.fetcher, read)
        self._response: Any = None
        self.error: KafkaError | None = None
        for partition in (GOOD, BAD, LAST):
            self.assignment.state_value(partition).seek(0)

    @property
    def buffered(self) -> dict[TopicPartition, Any]:
        buffered: dict[TopicPartition, Any] = self.fetcher._records
        return buffered

    async def _send(self, _node: int, _request: Any) -> Any:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self._response

    async def answer(self, partition: TopicPartition, raw: bytes) -> None:
        """Let the fetcher fetch from a partition and get these batches."""
        place, number = partition.topic, partition.partition
        request = SimpleNamespace(topics=[(place, [(number, self.position(partition), 1_000)])])
        fields: tuple[Any, ...] = (number, 0, 1_000, 1_000, 0, [], raw)
        self._response = SimpleNamespace(API_VERSION=5, topics=[(place, [fields])])
        await self.fetcher._proc_fetch_request(self.assignment, NODE, request)

    def position(self, partition: TopicPartition) -> int:
        return int(self.assignment.state_value(partition).position)

    async def poll(self, limit: int = 500) -> dict[TopicPartition, list[int]]:
        fetched = await self.fetcher.fetched_records([], 0, limit)
        return {
            partition: [record.offset for record in records]
            for partition, records in fetched.items()
        }

    def failure(self) -> str | None:
        return fetch_states.state_of(self.assignment.state_value(BAD)).failure


@pytest.fixture(params=[FastRecords, OrdinaryRecords])
async def fetching(request: pytest.FixtureRequest) -> Any:
    own = FetcherOfTest(request.param)
    yield own
    await own.fetcher.close()


def batch(base: int, count: int) -> bytes:
    return batch_of([(n, b"k", b"v", ()) for n in range(count)], base)


def flipped(raw: bytes) -> bytes:
    return raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:]


@pytest.mark.parametrize("damage", ["codec", "checksum", "content"])
async def test_only_the_partition_that_cannot_be_read_stops(
    fetching: FetcherOfTest, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(fetch_results, "RETRY_S", -1.0)
    bad = {
        "codec": sealed(batch(5, 2), 5, 5),
        "checksum": flipped(batch(5, 2)),
        "content": sealed(batch(5, 2)[:-2], 5),
    }[damage]
    await fetching.answer(GOOD, batch(0, 50))
    await fetching.answer(BAD, batch(0, 5) + bad + batch(7, 5))
    await fetching.answer(LAST, batch(0, 3))
    stop = 6 if damage == "content" else 5
    expected = {GOOD: list(range(50)), BAD: list(range(stop)), LAST: [0, 1, 2]}
    assert await fetching.poll() == expected
    for number in range(3):  # fetched again and again, each time in vain
        if BAD not in fetching.buffered:
            await fetching.answer(BAD, bad + batch(7, 5))
        await fetching.answer(GOOD, batch(50 + number, 1))
        assert await fetching.poll() == {GOOD: [50 + number]}
        assert fetching.position(BAD) == stop
        assert f"at {stop}: " in (fetching.failure() or "")
    while BAD in fetching.buffered:
        await fetching.poll()
    await fetching.answer(BAD, batch(5, 7))
    assert await fetching.poll() == {BAD: list(range(stop, 12))}
    assert fetching.failure() is None


async def test_an_unreadable_record_is_not_fetched_again_at_once(fetching: FetcherOfTest) -> None:
    await fetching.answer(BAD, flipped(batch(0, 2)))
    for _ in range(5):
        assert await fetching.poll() == {}
        assert BAD in fetching.buffered, "while it lies here, aiokafka fetches nothing from there"


async def test_end_marks_are_skipped(fetching: FetcherOfTest) -> None:
    await fetching.answer(GOOD, batch(0, 2) + marker(2, 7, commit=True))
    assert await fetching.poll() == {GOOD: [0, 1]}
    fetching.buffered.clear()
    state = fetch_states.state_of(fetching.assignment.state_value(GOOD))
    assert state.skip_empty(2) == 3
    fetching.assignment.state_value(GOOD).seek(2)
    await fetching.answer(GOOD, marker(2, 7, commit=True))
    assert await fetching.poll() == {}
    assert (fetching.position(GOOD), state.skip_empty(2)) == (3, 3)


async def test_a_limit_divides_what_was_fetched(fetching: FetcherOfTest) -> None:
    await fetching.answer(GOOD, batch(0, 5))
    assert [await fetching.poll(2) for _ in range(3)] == [
        {GOOD: [0, 1]},
        {GOOD: [2, 3]},
        {GOOD: [4]},
    ]
    assert (await fetching.poll(), GOOD in fetching.buffered) == ({}, False)


async def test_aiokafka_keeps_no_second_copy_of_a_fetch(fetching: FetcherOfTest) -> None:
    """A copy in a reference cycle stays until the collector runs: 40 MiB in scoring."""
    gc.collect()
    gc.disable()
    try:
        await fetching.answer(GOOD, batch(0, 5))
        copies = [item for item in gc.get_objects() if type(item) is fetcher.PartitionRecords]
    finally:
        gc.enable()
    assert copies == []


async def test_one_record_is_read_as_many_are(fetching: FetcherOfTest) -> None:
    await fetching.answer(GOOD, batch(0, 1))
    assert (await fetching.fetcher.next_record([])).offset == 0


async def test_other_consumers_of_the_process_are_untouched() -> None:
    """Nothing is replaced inside aiokafka: neither at import nor when a consumer is made."""
    names = ("Fetcher", "FetchResult", "PartitionRecords", "MemoryRecords")
    classes = [getattr(fetcher, name) for name in names]
    consumer = CheckedConsumer(bootstrap_servers="127.0.0.1:1")
    ordinary = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    assert [getattr(fetcher, name) for name in names] == classes
    assert all(kind.__module__.startswith("aiokafka.") for kind in classes)
    assert "send" not in vars(ordinary._client)
    for client in (consumer, ordinary):
        await client.stop()


def test_the_pinned_aiokafka_is_as_expected() -> None:
    """Fails when a newer version has changed inside: then read fetch_results.py again."""
    classes = fetcher.Fetcher, fetcher.PartitionRecords, fetcher.FetchResult
    assert fetch_results.is_as_expected(*classes), aiokafka.__version__


async def test_no_consumer_is_made_with_a_changed_aiokafka(monkeypatch: pytest.MonkeyPatch) -> None:
    class ChangedResult:
        def getall(self) -> None: ...

    monkeypatch.setattr(fetch_results, "FetchResult", ChangedResult)
    with pytest.raises(RuntimeError, match="aiokafka has changed"):
        CheckedConsumer(bootstrap_servers="127.0.0.1:1")


async def test_deserializers_are_refused() -> None:
    """They would have no effect: a reader returns bytes."""
    for setting in ("key_deserializer", "value_deserializer"):
        settings: Any = {setting: bytes.decode}
        with pytest.raises(ValueError, match="deserializer"):
            CheckedConsumer(bootstrap_servers="127.0.0.1:1", **settings)


async def test_a_poll_that_fails_is_reported_and_the_next_one_comes_soon() -> None:
    """FastStream by itself sleeps five or fifteen seconds, for all partitions."""
    errors: list[Exception] = []

    class RefusedConsumer:
        async def getmany(self, **_options: Any) -> Any:
            raise TopicAuthorizationFailedError(ALARMS.name)

    async def callback(_records: Any) -> None: ...

    listener: Any = None
    subscriber = broker.subscribe(
        broker.make_broker("127.0.0.1:1", "test"),
        [ALARMS],
        group="test",
        instance_id=None,
        listener=listener,
        callback=callback,
        on_error=errors.append,
    )
    consumer: Any = RefusedConsumer()
    assert await subscriber.get_msg(consumer) == ()
    assert [type(error) for error in errors] == [TopicAuthorizationFailedError]


async def test_a_brokers_consumers_are_checked_ones() -> None:
    connect = await broker.make_broker("127.0.0.1:1", "test")._connect()
    consumer = connect()
    assert isinstance(consumer, CheckedConsumer)
    await consumer.stop()


async def test_a_stop_while_a_fetch_waits_after_an_error_cancels_nobody() -> None:
    partitions = FetcherOfTest(OrdinaryRecords)
    partitions.error = NodeNotReadyError()
    await asyncio.sleep(0)
    fetching = partitions.fetcher._proc_fetch_request(
        partitions.assignment, NODE, SimpleNamespace(topics=[])
    )
    partitions.fetcher._pending_tasks.add(asyncio.create_task(fetching))
    for _ in range(5):
        await asyncio.sleep(0)
    await partitions.fetcher.close()
