"""Ends of partitions: one without a leader holds up no other, and nothing readable is the end 0."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from shared.contracts.topics import WARNINGS
from shared.runtime import log_client
from shared.runtime.end_offsets import UNKNOWN_END, EndOffsets
from shared.runtime.errors import Transient
from shared.runtime.log_client import LogClient

TP = TopicPartition(WARNINGS.name, 0)


class Client:
    """A client of Kafka; it has the parts of aiokafka's consumer, client and cluster in use."""

    def __init__(self) -> None:
        self.leader: int | None = 1
        self.begin, self.end = 5, 9
        self.updates = self.starts = self.stops = 0
        self.fails = False
        self._client = self.cluster = self

    async def start(self) -> None:
        self.starts += 1

    async def stop(self) -> None:
        self.stops += 1

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        assert list(partitions) == [TP]

    def pause(self, *partitions: TopicPartition) -> None:
        assert partitions == (TP,)

    async def force_metadata_update(self) -> None:
        self.updates += 1

    def leader_for_partition(self, partition: TopicPartition) -> int | None:
        return self.leader

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[Any, int]:
        assert self.leader == 1 or not partitions
        return dict.fromkeys(partitions, self.begin)

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[Any, int]:
        if self.fails:
            raise KafkaConnectionError
        assert self.leader == 1 or not partitions, "the question would wait for a leader"
        return dict.fromkeys(partitions, self.end)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    result = Client()
    monkeypatch.setattr(log_client, "make_reader", lambda *_args, **_settings: result)
    return result


async def test_the_end_is_0_until_there_is_something_to_read(client: Client) -> None:
    ends = EndOffsets(LogClient("kafka:9092"), [WARNINGS])
    client.end = 5
    assert await ends.ask() == {TP: 0}, "retention has deleted everything"
    client.end = 6
    assert await ends.ask() == {TP: 6}
    assert client.starts == 1


async def test_a_partition_without_a_leader_is_not_asked_for(client: Client) -> None:
    ends = EndOffsets(LogClient("kafka:9092"), [WARNINGS])
    client.leader = -1
    async with asyncio.timeout(1):
        assert await ends.ask() == {TP: UNKNOWN_END}
    client.leader = 1
    assert await ends.ask() == {TP: 9}


async def test_after_a_failure_there_is_another_connection(client: Client) -> None:
    ends = EndOffsets(LogClient("kafka:9092"), [WARNINGS])
    client.fails = True
    with pytest.raises(Transient):
        await ends.ask()
    client.fails = False
    assert await ends.ask() == {TP: 9}
    assert (client.starts, client.stops) == (2, 1)
