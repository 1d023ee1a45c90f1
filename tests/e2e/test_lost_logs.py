"""Logs that were cut off, overtaken by retention or created anew, on a real Kafka."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete
from prometheus_client import CollectorRegistry

from deploy.local.topics import ensure_topics, new_topic
from shared.contracts.topics import ALARMS, GAP_ACCEPTANCES, RULES, TopicSpec
from shared.runtime import (
    group_membership,
    log_client,
    log_watch,
    partition_consumer,
    partition_progress,
    table_watch,
)
from shared.runtime.log_client import LogClient
from shared.runtime.log_watch import UNTRUSTED
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.partition_consumer import PartitionConsumer
from shared.runtime.stored_offsets import StoredOffset, fingerprint
from shared.runtime.table_watch import TableWatch
from shared.runtime.tables import CompactedTable
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce
from tests.support.reading import NotingWorker, accept_gap, reading
from tests.support.scoring import a_rule, a_threshold_rule
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]


@pytest.fixture(autouse=True)
def exits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the reasons for which the process would have ended."""
    reasons: list[str] = []
    for module in (partition_consumer, table_watch):
        monkeypatch.setattr(module, "exit_process", reasons.append)
    monkeypatch.setattr(log_watch, "ROUND_S", 0.2)
    return reasons


async def fill(infrastructure: Infrastructure, topic: TopicSpec, values: list[bytes]) -> None:
    """Write these values to each partition."""
    rows = [("k", value, part) for value in values for part in range(topic.partitions)]
    await produce(infrastructure.bootstrap, topic.name, rows)


async def create_anew(infrastructure: Infrastructure, topic: TopicSpec) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=infrastructure.bootstrap)
    await admin.start()
    await admin.delete_topics([topic.name])
    async with asyncio.timeout(30):
        while topic.name in await admin.list_topics():
            await asyncio.sleep(0.05)
    await admin.close()
    await ensure_topics(infrastructure.bootstrap, [new_topic(topic)])


async def end(fetcher: Any) -> None:
    """End the task that fetches, as a fault would; a fetch under way still returns."""
    fetcher._fetch_task.cancel()
    await asyncio.wait({fetcher._fetch_task, *fetcher._pending_tasks})


def watched(consumer: PartitionConsumer) -> asyncio.Task[None]:
    return asyncio.create_task(consumer.log_watch.run())


async def test_a_start_behind_beyond_or_beside_the_log_blocks_that_partition_alone(
    infrastructure: Infrastructure, exits: list[str]
) -> None:
    topic, worker = infrastructure.own_topic(ALARMS), NotingWorker()
    places = [TopicPartition(topic.name, part) for part in range(4)]
    await fill(infrastructure, topic, [b"a", b"b", b"c"])
    admin = AIOKafkaAdminClient(bootstrap_servers=infrastructure.bootstrap)
    await admin.start()
    await admin.delete_records({places[1]: RecordsToDelete(before_offset=2)})
    await admin.close()
    worker.offsets = {
        places[0]: StoredOffset(5, fingerprint(b"e")),
        places[1]: StoredOffset(1, fingerprint(b"a")),
        places[2]: StoredOffset(2, fingerprint(b"another")),
        places[3]: StoredOffset(2, fingerprint(b"b")),
    }
    async with reading(infrastructure, topic, worker) as consumer:
        await until(lambda: worker.values(3) == [b"c"], 30)
        await fill(infrastructure, topic, [b"d"])
        await until(lambda: worker.values(3) == [b"c", b"d"], 30)
        consumer.check()
        assert consumer.ready() == (
            f"{topic.name}:0 ends before our offset 5: its last records were lost, or the topic "
            "was created anew; "
            f"records of {topic.name}:1 from 1 on were deleted before they were handled; "
            f"{topic.name}:2 holds another record before our offset 2: its last records were "
            "lost, or the topic was created anew"
        )
        assert consumer._metrics.blocked.labels(topic.name)._value.get() == 3
    assert (set(worker.records), exits) == ({3}, [])


async def test_an_accepted_gap_is_gone_without_a_restart(
    infrastructure: Infrastructure, exits: list[str]
) -> None:
    topic, worker = infrastructure.own_topic(ALARMS), NotingWorker()
    cut, overtaken, unaccepted = (TopicPartition(topic.name, part) for part in (0, 1, 2))
    await ensure_topics(infrastructure.bootstrap, [new_topic(GAP_ACCEPTANCES)])
    await fill(infrastructure, topic, [b"a", b"b", b"c"])
    admin = AIOKafkaAdminClient(bootstrap_servers=infrastructure.bootstrap)
    await admin.start()
    await admin.delete_records({overtaken: RecordsToDelete(before_offset=2)})
    await admin.close()
    worker.offsets = {
        cut: StoredOffset(5, fingerprint(b"e")),
        overtaken: StoredOffset(1, fingerprint(b"a")),
        unaccepted: StoredOffset(3, fingerprint(b"another")),
    }
    async with reading(infrastructure, topic, worker) as consumer:
        await until(lambda: len(consumer.log_watch.gaps()) == 3, 30)
        for gap in consumer.log_watch.gaps():
            if gap.partition != unaccepted:
                await accept_gap(infrastructure, consumer, gap)
        await consumer.log_watch.check()
        await until(lambda: worker.values(0) == [b"a", b"b", b"c"], 30)
        await until(lambda: worker.values(1) == [b"c"], 30)
        await consumer.log_watch.check()
        assert [gap.partition for gap in consumer.log_watch.gaps()] == [unaccepted]
        assert (worker.values(2), exits) == ([], [])


@pytest.mark.parametrize("count", [2, 6])
async def test_a_topic_created_anew_under_a_running_consumer_is_noticed(
    infrastructure: Infrastructure, exits: list[str], count: int
) -> None:
    topic, worker = infrastructure.own_topic(ALARMS), NotingWorker()
    old = [b"old-%d" % n for n in range(4)]
    async with reading(infrastructure, topic, worker) as consumer:
        watch = watched(consumer)
        await fill(infrastructure, topic, old)
        await until(lambda: all(worker.values(part) == old for part in range(4)), 30)
        await create_anew(infrastructure, topic)
        await fill(infrastructure, topic, [b"new-%d" % n for n in range(count)])
        await until(lambda: (consumer.ready() or "").count("created anew") == 4, 60)
        watch.cancel()
    assert [worker.values(part) for part in range(4)] == [old] * 4
    assert exits == []


async def test_a_log_that_loses_its_end_and_grows_past_our_offset_is_noticed(
    infrastructure: Infrastructure, exits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record before an offset of some seconds ago has changed; the fetches go on unharmed."""
    topic, worker = infrastructure.own_topic(ALARMS), NotingWorker()
    place = TopicPartition(topic.name, 1)
    async with reading(infrastructure, topic, worker) as consumer:
        await fill(infrastructure, topic, [b"a", b"b"])
        await until(lambda: all(len(worker.values(part)) == 2 for part in range(4)), 30)
        await consumer.log_watch.check()
        assert consumer.ready() is None
        first_records = LogClient.first_records

        async def of_another_log(self: LogClient, offsets: Any) -> Any:
            records = await first_records(self, offsets)
            if offsets.get(place) == 1:
                records[place] = msgspec.structs.replace(records[place], value=b"another")
            return records

        monkeypatch.setattr(LogClient, "first_records", of_another_log)
        await fill(infrastructure, topic, [b"c"])
        await until(lambda: all(len(worker.values(part)) == 3 for part in range(4)), 30)
        await consumer.log_watch.check()
        assert f"{topic.name}:1 holds another record before our offset 3" in str(consumer.ready())
        assert worker.offsets[place] == StoredOffset(3, UNTRUSTED + fingerprint(b"c")), (
            "a restart finds it again"
        )
        await fill(infrastructure, topic, [b"d"])
        await until(lambda: all(len(worker.values(part)) == 4 for part in (0, 2, 3)), 30)
        assert len(worker.values(1)) == 3
        monkeypatch.setattr(LogClient, "first_records", first_records)  # the good replica is back
        await consumer.log_watch.check()
        await until(lambda: worker.values(1) == [b"a", b"b", b"c", b"d"], 30)
        assert (consumer.ready(), exits) == (None, [])


async def test_a_dead_fetcher_and_a_lost_membership_end_the_process(
    infrastructure: Infrastructure, exits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition_progress, "STUCK_AFTER_S", -1.0)
    topic, worker = infrastructure.own_topic(ALARMS), NotingWorker()
    async with reading(infrastructure, topic, worker) as consumer:
        await fill(infrastructure, topic, [b"a"])
        await until(lambda: all(len(worker.values(part)) == 1 for part in range(4)), 30)
        fetcher = consumer._consumer._fetcher
        assert fetcher is not None
        await end(fetcher)
        await fill(infrastructure, topic, [b"b"])
        await consumer.log_watch.check()
        for _ in range(3):
            consumer.check()
        assert exits
        assert "nothing more is fetched" in exits[0]
        assert consumer._metrics.lag.labels(topic.name)._value.get() == 4
        assert consumer._metrics.lag_s.labels(topic.name)._value.get() > 0
        exits.clear()
        monkeypatch.setattr(partition_progress, "STUCK_AFTER_S", 1e9)
        monkeypatch.setattr(partition_consumer, "_UNJOINED_S", 0.0)
        monkeypatch.setattr(partition_consumer, "_UNJOINED_SHOWN_S", 0.0)
        consumer.check()
        assert exits == []
        monkeypatch.setattr(group_membership, "is_joined", lambda _consumer: False)
        for _ in range(2):
            consumer.check()
        assert set(exits) == {"the consumer group does not take this process back"}
        assert consumer.ready() == "this process is no member of its consumer group"


async def test_another_number_of_partitions_is_shown(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_client, "METADATA_AGE_MS", 200)
    topic, worker = infrastructure.own_topic(ALARMS), NotingWorker()
    async with reading(infrastructure, topic, worker) as consumer:
        await until(lambda: len(consumer.next_offsets) == topic.partitions, 30)
        assert consumer.ready() is None
        count = topic.partitions + 1
        admin = AIOKafkaAdminClient(bootstrap_servers=infrastructure.bootstrap)
        await admin.start()
        await admin.create_partitions({topic.name: NewPartitions(count)})
        await admin.close()
        reason = f"{topic.name} has {count} partitions instead of {topic.partitions}"
        await until(lambda: reason in (consumer.ready() or ""), 30)


async def test_a_table_that_no_longer_follows_ends_the_process(
    infrastructure: Infrastructure, exits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, versions = infrastructure.own_topic(RULES), []
    bootstrap = infrastructure.bootstrap
    metrics, client = RuntimeMetrics(CollectorRegistry()), LogClient(bootstrap)
    table = CompactedTable(
        bootstrap, topic, lambda rule: versions.append(rule.version), lambda _key: None
    )
    watch = TableWatch(client, [table], metrics)

    async def tell(version: int) -> None:
        rule = a_rule(a_threshold_rule(("red", 216, 215)), version=version)
        await produce(bootstrap, topic.name, [("k", rule.to_wire(), 0)])

    await tell(1)
    await table.load()
    follow = asyncio.create_task(table.follow())
    try:
        await tell(2)
        await until(lambda: versions == [1, 2], 30)
        monkeypatch.setattr(table_watch, "STUCK_AFTER_S", -1.0)
        for _ in range(2):
            await watch.check()
        assert exits == []
        assert table._consumer is not None
        await end(table._consumer._fetcher)
        await tell(3)
        for _ in range(2):
            await watch.check()
        assert set(exits) == {f"the table no longer follows {topic.name}:0"}
        assert metrics.lag.labels(topic.name)._value.get() == 1
        exits.clear()
        await create_anew(infrastructure, topic)
        await watch.check()
        assert "ends before what its table has read" in exits[0]
    finally:
        follow.cancel()
        await table.stop()
        await client.stop()


async def test_a_table_whose_topic_was_created_anew_with_as_many_records_is_read_anew(
    infrastructure: Infrastructure, exits: list[str]
) -> None:
    topic, bootstrap, versions = infrastructure.own_topic(RULES), infrastructure.bootstrap, []
    client = LogClient(bootstrap)
    table = CompactedTable(
        bootstrap, topic, lambda rule: versions.append(rule.version), lambda _key: None
    )
    watch = TableWatch(client, [table], RuntimeMetrics(CollectorRegistry()))

    async def publish(*numbers: int) -> None:
        rules = [a_rule(a_threshold_rule(("red", 216, 215)), version=number) for number in numbers]
        await produce(bootstrap, topic.name, [(rule.rule_id, rule.to_wire(), 0) for rule in rules])

    try:
        await publish(1, 2)
        await table.load()
        await watch.check()
        assert (versions, exits) == ([1, 2], [])
        await create_anew(infrastructure, topic)
        await publish(1, 3)
        await watch.check()
        assert exits == [
            f"{topic.name}:0 holds another record than its table has read: it is read anew"
        ]
    finally:
        await table.stop()
        await client.stop()
