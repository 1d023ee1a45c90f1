"""aiokafka's own fetcher over partitions of which one cannot be read: the others lose nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.errors import TopicAuthorizationFailedError

from shared.contracts.topics import ALARMS
from shared.fastpath import records, walked
from shared.runtime import broker
from tests.support.batches import batch_of, marker, sealed

GOOD, BAD, LAST = (TopicPartition("alarm.events.v1", number) for number in range(3))


class Fetched:
    """A fetcher with what Kafka has answered for some partitions."""

    def __init__(self, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(records, "form", lambda: form)
        self.assignment = Assignment([GOOD, BAD, LAST])
        self.records: dict[TopicPartition, Any] = {}
        self._fetcher = SimpleNamespace(
            _subscriptions=SimpleNamespace(
                reassignment_in_progress=False, is_assigned=lambda _tp: True
            ),
            _notify=lambda _waiter: None,
            _wait_consume_future=None,
            _records=self.records,
        )
        for tp in (GOOD, BAD, LAST):
            self.assignment.state_value(tp).seek(0)

    def answer(self, tp: TopicPartition, raw: bytes) -> None:
        made = records.own_records(
            tp,
            records.KeptMemory(raw),
            None,
            self.position(tp),
            None,
            None,
            True,
            fetcher.READ_COMMITTED,
        )
        self.records[tp] = records.OwnResult(
            tp, assignment=self.assignment, partition_records=made, backoff=0
        )

    def position(self, tp: TopicPartition) -> int:
        return int(self.assignment.state_value(tp).position)

    async def poll(self, most: int = 500) -> dict[TopicPartition, list[int]]:
        real: Any = fetcher.Fetcher.fetched_records
        result = await real(self._fetcher, [], 0, most)
        return {tp: [one.offset for one in some] for tp, some in result.items()}

    def trouble(self) -> str | None:
        return walked.of(self.assignment.state_value(BAD)).trouble


@pytest.fixture(params=["compiled", "plain"])
async def fetched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Fetched:
    monkeypatch.setattr(fetcher, "FetchResult", records.OwnResult)
    return Fetched(request.param, monkeypatch)


def batch(base: int, count: int) -> bytes:
    return batch_of([(n, b"k", b"v", ()) for n in range(count)], base)


def flipped(raw: bytes) -> bytes:
    return raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:]


@pytest.mark.parametrize("broken", ["codec", "checksum", "content"])
async def test_a_partition_that_cannot_be_read_stays_behind_alone(
    fetched: Fetched, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(records, "RETRY_S", -1.0)
    bad = {
        "codec": sealed(batch(5, 2), 5, 5),
        "checksum": flipped(batch(5, 2)),
        "content": sealed(batch(5, 2)[:-2], 5),
    }[broken]
    fetched.answer(GOOD, batch(0, 50))
    fetched.answer(BAD, batch(0, 5) + bad + batch(7, 5))
    fetched.answer(LAST, batch(0, 3))
    before = 6 if broken == "content" else 5
    expected = {GOOD: list(range(50)), BAD: list(range(before)), LAST: [0, 1, 2]}
    result = await fetched.poll()
    assert result == expected
    for number in range(3):  # fetched again and again, each time in vain
        if BAD not in fetched.records:
            fetched.answer(BAD, bad + batch(7, 5))
        fetched.answer(GOOD, batch(50 + number, 1))
        assert await fetched.poll() == {GOOD: [50 + number]}
        assert fetched.position(BAD) == before
        assert f"at {before}: " in (fetched.trouble() or "")
    while BAD in fetched.records:
        await fetched.poll()
    fetched.answer(BAD, batch(5, 7))
    assert await fetched.poll() == {BAD: list(range(before, 12))}
    assert fetched.trouble() is None


async def test_it_is_not_fetched_again_at_once(fetched: Fetched) -> None:
    fetched.answer(BAD, flipped(batch(0, 2)))
    for _ in range(5):
        assert await fetched.poll() == {}
        assert BAD in fetched.records, "while it lies here, aiokafka fetches nothing from there"


async def test_end_marks_are_walked_over(fetched: Fetched) -> None:
    fetched.answer(GOOD, batch(0, 2) + marker(2, 7, commit=True))
    assert await fetched.poll() == {GOOD: [0, 1]}
    fetched.records.clear()
    walk = walked.of(fetched.assignment.state_value(GOOD))
    assert walk.past(2) == 3
    fetched.assignment.state_value(GOOD).seek(2)
    fetched.answer(GOOD, marker(2, 7, commit=True))
    assert await fetched.poll() == {}
    assert (fetched.position(GOOD), walk.past(2)) == (3, 3)


async def test_a_poll_that_fails_is_told_of_and_the_next_one_comes_soon() -> None:
    """FastStream by itself sleeps five or fifteen seconds, for all partitions."""
    exceptions: list[Exception] = []

    class Refused:
        async def getmany(self, **_given: Any) -> Any:
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
        on_error=exceptions.append,
    )
    consumer: Any = Refused()
    assert await subscriber.get_msg(consumer) == ()
    assert [type(exception) for exception in exceptions] == [TopicAuthorizationFailedError]
