"""A compacted topic as a table: as it stands, as it stood, and changed only at a boundary."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import RULES
from shared.runtime.errors import Transient
from shared.runtime.tables import CompactedTable
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce
from tests.support.scoring import a_rule, a_threshold_rule
from tests.support.waiting import PATIENCE_S, until

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]


async def test_a_table_has_its_stored_rows_and_follows_changes(
    infrastructure: Infrastructure,
) -> None:
    bootstrap, spec = infrastructure.bootstrap, infrastructure.own_topic(RULES)

    async def publish(version: int) -> None:
        rule = a_rule(a_threshold_rule(("red", 216, 215)), version=version)
        await produce(bootstrap, spec.name, [(rule.rule_id, rule.to_wire(), None)])

    versions: list[int] = []
    calls = iter([Transient("not yet"), None])

    def take(rule: RuleDefinition) -> None:
        versions.append(rule.version)

    @asynccontextmanager
    async def at_boundary() -> AsyncIterator[None]:
        if error := next(calls):
            raise error
        yield

    await publish(1)
    table = CompactedTable(bootstrap, spec, take, lambda _key: None, at_boundary=at_boundary)
    try:
        await table.load()
        then = dict(table.positions)
        assert (versions, then) == ([1], {f"{spec.name}:0": 1})
        await publish(2)
        following = asyncio.create_task(table.follow())
        async with asyncio.timeout(PATIENCE_S):
            while table.positions == then:
                await asyncio.sleep(0.05)
        following.cancel()
        assert versions == [1, 2], "what the boundary refused at first is taken in once"
    finally:
        await table.stop()

    versions.clear()
    older = CompactedTable(bootstrap, spec, take, lambda _key: None)
    try:
        await older.load(then)
    finally:
        await older.stop()
    assert (versions, older.positions) == ([1], then)


async def test_a_long_table_is_read_piece_by_piece(infrastructure: Infrastructure) -> None:
    bootstrap, spec = infrastructure.bootstrap, infrastructure.own_topic(RULES, partitions=12)
    keys = 64 * 1_024
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_batch_size=500_000)
    await producer.start()
    for number in range(keys):
        await producer.send(spec.name, None, key=b"%01024d" % number)
    await producer.stop()

    deleted = 0

    def count(_key: str) -> None:
        nonlocal deleted
        deleted += 1

    table = CompactedTable(bootstrap, spec, lambda _rule: None, on_delete=count)
    tracemalloc.start()
    try:
        await table.load()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        await table.stop()
    assert deleted == keys
    assert most < 32 * 1_048_576, "64 MiB of records, an answer is 4 MiB"


async def test_rows_written_while_a_table_loads_are_followed(
    infrastructure: Infrastructure,
) -> None:
    bootstrap, spec = infrastructure.bootstrap, infrastructure.own_topic(RULES)

    def record(version: int) -> tuple[str, bytes, None]:
        rule = a_rule(a_threshold_rule(("red", 216, 215)), version=version)
        return rule.rule_id, rule.to_wire(), None

    ends = AIOKafkaConsumer.end_offsets

    async def ends_then_a_write(self: Any, partitions: Any) -> Any:
        """The topic grows between the question for its end and the first fetch."""
        result = await ends(self, partitions)
        await produce(bootstrap, spec.name, [record(3), record(4)])
        return result

    versions: list[int] = []
    await produce(bootstrap, spec.name, [record(1), record(2)])
    table = CompactedTable(
        bootstrap, spec, lambda rule: versions.append(rule.version), lambda _key: None
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AIOKafkaConsumer, "end_offsets", ends_then_a_write)
        await table.load()
    try:
        assert (versions, table.positions) == ([1, 2], {f"{spec.name}:0": 2})
        following = asyncio.create_task(table.follow())
        await until(lambda: len(versions) >= 4, 60)
        assert (versions, table.positions) == ([1, 2, 3, 4], {f"{spec.name}:0": 4})
        following.cancel()
    finally:
        await table.stop()
