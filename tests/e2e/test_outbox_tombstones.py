"""A tombstone leaves the outbox in its order, and the table of its topic forgets the entry."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import PAGE_ANSWERS, RULES
from shared.runtime.errors import Unconfirmed
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.publisher import Publisher
from shared.runtime.tables import CompactedTable
from tests.e2e.test_inbox import read
from tests.e2e.test_outbox import relaying
from tests.support.infrastructure import Infrastructure
from tests.support.scoring import a_rule, a_threshold_rule

pytestmark = [pytest.mark.e2e]

COUNT = "SELECT count(*) FROM alerting.outbox"


def a_publisher(infrastructure: Infrastructure) -> Publisher:
    return Publisher(infrastructure.bootstrap, RuntimeMetrics(CollectorRegistry()))


def named(rule_id: str, version: int = 1) -> RuleDefinition:
    rule = a_rule(a_threshold_rule(("red", 216, 215)), version=version)
    return rule.model_copy(update={"rule_id": rule_id})


async def test_a_table_forgets_what_a_transaction_deletes(infrastructure: Infrastructure) -> None:
    target = infrastructure.own_topic(RULES)
    async with relaying(infrastructure, a_publisher(infrastructure), target, []) as parts:
        relay, database = parts
        async with database.transaction() as transaction:
            for name in ("stays", "goes", "returns"):
                transaction.publish(target, name, named(name), f"put-{name}")
            for name in ("goes", "returns", "goes"):
                transaction.publish_deletion(target, name, f"delete-{name}")
            transaction.publish(target, "returns", named("returns", 2), "put-again")
        assert not await relay.publish_waiting()
        assert await database.pool.fetchval(COUNT) == 0
    rules: dict[str, int] = {}

    def apply(rule: RuleDefinition) -> None:
        rules[rule.rule_id] = rule.version

    table = CompactedTable(infrastructure.bootstrap, target, apply, rules.pop)
    try:
        await table.load()
    finally:
        await table.stop()
    assert rules == {"stays": 1, "returns": 2}
    records = await read(infrastructure, target.name, 6)
    assert [record.value is None for record in records] == [False] * 3 + [True] * 2 + [False]


async def test_many_tombstones_leave_in_one_batch(infrastructure: Infrastructure) -> None:
    target = infrastructure.own_topic(RULES)
    async with relaying(infrastructure, a_publisher(infrastructure), target, []) as parts:
        relay, database = parts
        async with database.transaction() as transaction:
            for number in range(3_000):
                transaction.publish_deletion(target, f"rule-{number}", f"delete-{number}")
        assert not await relay.publish_waiting()
        assert await database.pool.fetchval(COUNT) == 0
    records = await read(infrastructure, target.name, 3_000)
    assert [(record.key, record.value) for record in records] == [
        (b"rule-%d" % number, None) for number in range(3_000)
    ]


async def test_a_partition_in_trouble_gives_up_its_tombstones_too(
    infrastructure: Infrastructure,
) -> None:
    target = infrastructure.own_topic(RULES)
    async with relaying(infrastructure, a_publisher(infrastructure), target, []) as parts:
        relay, database = parts
        troubled = relay._troubled
        async with database.transaction() as transaction:
            transaction.publish(target, "goes", named("goes"), "put")
            transaction.publish_deletion(target, "goes", "delete")
        troubled.add(TopicPartition(target.name, 0), Unconfirmed("not confirmed within 2 s"))
        async with asyncio.timeout(60):
            while troubled.partitions:
                await troubled.attempt()
                await asyncio.sleep(0.05)
        assert await database.pool.fetchval(COUNT) == 0
    records = await read(infrastructure, target.name, 2)
    assert [record.value is None for record in records] == [False, True]


async def test_only_a_compacted_topic_takes_tombstones(infrastructure: Infrastructure) -> None:
    target = infrastructure.own_topic(PAGE_ANSWERS, partitions=1)
    async with relaying(infrastructure, a_publisher(infrastructure), target, []) as parts:
        _, database = parts
        async with database.transaction() as transaction:
            with pytest.raises(ValueError, match="not compacted"):
                transaction.publish_deletion(target, "k", "delete")
        assert await database.pool.fetchval(COUNT) == 0
