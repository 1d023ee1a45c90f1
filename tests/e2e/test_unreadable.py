"""Unreadable and missing records on a real Kafka: other partitions go on (docs/adr/0002)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from deploy.local.topics import ensure_topics, new_topic
from services.audit.store.kafka_log import KafkaLog, LogBatch
from shared.contracts.topics import ALARMS, GAP_ACCEPTANCES, RULES, TopicSpec
from shared.runtime import partition_consumer
from shared.runtime.fetching import fetch_results
from shared.runtime.offset_gaps import GapKind
from shared.runtime.tables import CompactedTable
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce
from tests.support.reading import (
    RECORD_READERS,
    NotingWorker,
    accept_gap,
    as_sent,
    check,
    reading,
)
from tests.support.scoring import a_rule, a_threshold_rule
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]


def segment(infrastructure: Infrastructure, topic: TopicSpec, partition: int) -> Path:
    """Return the file in which the broker stores the records of the partition."""
    folder = f"{topic.name}-{partition}"
    (result,) = infrastructure.stack.paths.root.rglob(f"{folder}/{'0' * 20}.log")
    return result


def damaged(file: Path, value: bytes) -> Callable[[], None]:
    """Flip a bit of a value in the file; the function returned mends it."""
    position = file.read_bytes().index(value)

    def flip() -> None:
        with file.open("r+b") as log:
            log.seek(position)
            byte = log.read(1)[0]
            log.seek(position)
            log.write(bytes([byte ^ 1]))

    flip()
    return flip


@pytest.mark.parametrize("reader", RECORD_READERS)
async def test_an_unreadable_batch_delays_no_other_partition(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    monkeypatch.setattr(fetch_results, "RETRY_S", 0.2)
    topic, worker = as_sent(infrastructure), NotingWorker()
    bootstrap = infrastructure.bootstrap
    numbered = [b"value-%05d" % n for n in range(40)]
    for value in numbered:
        await produce(bootstrap, topic.name, [("k", value, part) for part in range(4)])
    mend = damaged(segment(infrastructure, topic, 1), b"value-00007")
    async with reading(infrastructure, topic, worker, RECORD_READERS[reader]) as consumer:
        await until(lambda: "cannot read" in (consumer.ready() or ""), 30)
        assert f"cannot read {topic.name}:1 at 7: CorruptRecord" in (consumer.ready() or "")
        for n in range(40, 80):  # written while the bad one is fetched again and again
            numbered.append(b"value-%05d" % n)
            await produce(bootstrap, topic.name, [("k", numbered[-1], part) for part in range(4)])
        await until(lambda: all(len(worker.values(part)) >= 80 for part in (0, 2, 3)), 30)
        assert [worker.values(part) for part in (0, 2, 3)] == [numbered] * 3
        assert worker.values(1) == numbered[:7], "records before it are handled, and none after it"
        check(consumer)
        blocked = consumer._metrics.blocked.labels(topic.name)._value.get()
        assert blocked == 1
        mend()
        await until(lambda: len(worker.values(1)) >= 80, 30)
        assert (worker.values(1), consumer.ready()) == (numbered, None)


async def test_an_operator_lets_a_partition_go_on_after_an_unreadable_record(
    infrastructure: Infrastructure,
) -> None:
    topic, worker = as_sent(infrastructure), NotingWorker()
    await ensure_topics(infrastructure.bootstrap, [new_topic(GAP_ACCEPTANCES)])
    numbered = [b"value-%05d" % n for n in range(4)]
    for value in numbered:
        await produce(infrastructure.bootstrap, topic.name, [("k", value, 1)])
    mend = damaged(segment(infrastructure, topic, 1), numbered[2])
    async with reading(infrastructure, topic, worker) as consumer:
        await until(lambda: "cannot read" in (consumer.ready() or ""), 30)
        (gap,) = consumer.log_watch.gaps()
        assert (gap.kind, gap.offset) == (GapKind.UNREADABLE, 2)
        await accept_gap(infrastructure, consumer, gap)
        await consumer.log_watch.check()
        assert len(worker.values(1)) == 2, "only a person knows where the next record begins"
        await accept_gap(infrastructure, consumer, gap, continue_at=3)
        await consumer.log_watch.check()
        await until(lambda: worker.values(1) == [*numbered[:2], numbered[3]], 30)
        assert (consumer.ready(), consumer.log_watch.gaps()) == (None, [])
    mend()


async def test_a_table_that_cannot_be_read_whole_is_not_loaded(
    infrastructure: Infrastructure,
) -> None:
    topic = as_sent(infrastructure, RULES)
    for version in (1, 2, 3):
        rule = a_rule(a_threshold_rule(("red", 216, 215)), version=version)
        await produce(infrastructure.bootstrap, topic.name, [("k", rule.to_wire(), 0)])
    mend = damaged(segment(infrastructure, topic, 0), b'"version":2')
    table = CompactedTable(infrastructure.bootstrap, topic, lambda _rule: None, lambda _key: None)
    with pytest.raises(fetch_results.UnreadableError, match=f"cannot read {topic.name}:0 at"):
        await table.load()
    assert table.ready() is not None
    await table.stop()
    mend()


async def test_the_auditor_goes_on_with_other_partitions_and_reports_the_unreadable_one(
    infrastructure: Infrastructure,
) -> None:
    topic, bootstrap = as_sent(infrastructure), infrastructure.bootstrap
    for n in range(4):
        await produce(bootstrap, topic.name, [("k", b"value-%05d" % n, part) for part in (0, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=topic.name)
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(topic.name, b"aborted", partition=2)
    await producer.abort_transaction()
    await producer.stop()
    mend = damaged(segment(infrastructure, topic, 1), b"value-00002")
    log = KafkaLog(bootstrap)
    ends = {(topic.name, 0): 4, (topic.name, 1): 4, (topic.name, 2): 2}
    result, cursors = LogBatch(), dict.fromkeys(ends, 0)
    async with asyncio.timeout(30):
        while result.next_offsets != {(topic.name, 0): 4, (topic.name, 1): 2, (topic.name, 2): 2}:
            result = await log.read(cursors, ends, 100)
    await log.stop()
    assert [record.offset for record in result.records[topic.name, 0]] == [0, 1, 2, 3]
    assert [record.offset for record in result.records[topic.name, 1]] == [0, 1]
    assert "at 2: CorruptRecord" in result.unreadable[topic.name, 1]
    assert (result.empty[topic.name, 2], result.empty[topic.name, 0]) == (2, 0)
    mend()


@pytest.mark.parametrize("then", ["more is written", "nothing is written"])
async def test_records_that_are_gone_are_never_passed_over_in_silence(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    exits: list[str] = []
    monkeypatch.setattr(partition_consumer, "exit_process", exits.append)
    topic, worker = infrastructure.own_topic(ALARMS), NotingWorker()
    bootstrap, tp = infrastructure.bootstrap, TopicPartition(topic.name, 1)
    await produce(bootstrap, topic.name, [("k", b"first", part) for part in range(4)])
    async with reading(infrastructure, topic, worker) as consumer:
        await until(lambda: len(worker.records) == 4, 30)
        consumer._consumer.pause(tp)
        for n in range(20):
            await produce(bootstrap, topic.name, [("k", b"%d" % n, part) for part in range(4)])
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        begin = 11 if then == "more is written" else 21
        await admin.delete_records({tp: RecordsToDelete(before_offset=begin)})
        await admin.close()
        consumer._consumer.resume(tp)

        def is_reported() -> bool:
            consumer.check()
            return "missing" in (consumer.ready() or "")

        await until(is_reported, 30)
        assert consumer.ready() == f"records of {topic.name}:1 are missing from 1 on"
        await produce(bootstrap, topic.name, [("k", b"last", part) for part in range(4)])
        await until(lambda: all(len(worker.values(part)) == 22 for part in (0, 2, 3)), 30)
        assert worker.values(1) == [b"first"], "nothing from behind the gap"
        assert consumer._metrics.blocked.labels(topic.name)._value.get() == 1
        (gap,) = consumer.log_watch.gaps()
        assert (gap.kind, gap.offset) == (GapKind.MISSING, 1)
        await ensure_topics(bootstrap, [new_topic(GAP_ACCEPTANCES)])
        await accept_gap(infrastructure, consumer, gap)
        await consumer.log_watch.check()
        await until(lambda: worker.values(1)[-1] == b"last", 30)
        assert len(worker.values(1)) == 23 - begin
        assert (consumer.ready(), exits) == (None, [])
