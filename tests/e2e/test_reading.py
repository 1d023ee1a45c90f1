"""Compressed batches and transactions on a real Kafka (docs/adr/0002)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError

from deploy.local.topics import ensure_topics, new_topic
from shared.contracts.topics import ALARMS, RULES
from shared.runtime import partition_consumer, partition_progress
from shared.runtime.fetching import fetch_results
from shared.runtime.fetching.batch_reader import is_normal
from shared.runtime.fetching.normal_batches import NormalBatches, normalise
from shared.runtime.tables import CompactedTable
from tests.support.batches import batch_of
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce, produce_raw
from tests.support.reading import RECORD_READERS, NotingWorker, as_sent, check, reading
from tests.support.scoring import a_rule, a_threshold_rule
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

CODECS = ("gzip", "snappy", "lz4", "zstd")


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reasons to end the process, of a watchdog without patience."""
    reasons: list[str] = []
    monkeypatch.setattr(partition_consumer, "exit_process", reasons.append)
    monkeypatch.setattr(partition_progress, "STUCK_AFTER_S", -1.0)
    return reasons


@pytest.mark.parametrize("reader", RECORD_READERS)
async def test_every_codec_is_read(infrastructure: Infrastructure, reader: str) -> None:
    topic = as_sent(infrastructure)
    for number, codec in enumerate(CODECS):
        producer = AIOKafkaProducer(
            bootstrap_servers=infrastructure.bootstrap, compression_type=codec
        )
        await producer.start()
        for n in range(50):
            await producer.send(topic.name, b"%d" % n * 20, partition=number)
        await producer.stop()
    worker = NotingWorker()
    async with reading(infrastructure, topic, worker, RECORD_READERS[reader]) as consumer:
        await until(lambda: sum(map(len, worker.records.values())) >= 200, 30)
        assert consumer.ready() is None
    for number in range(4):
        assert worker.values(number) == [b"%d" % n * 20 for n in range(50)]


async def test_tables_read_every_codec_and_any_header(infrastructure: Infrastructure) -> None:
    topic, versions = as_sent(infrastructure, RULES), []
    for version in range(1, 6):
        rule = a_rule(a_threshold_rule(("red", 216, 215)), version=version)
        row = (0, b"%d" % version, rule.to_wire(), [(b"\xff\xfe", b"v")])
        await produce_raw(
            infrastructure.bootstrap, topic.name, 0, batch_of([row], compression=version - 1)
        )
    table = CompactedTable(
        infrastructure.bootstrap,
        topic,
        lambda rule: versions.append(rule.version),
        lambda _key: None,
    )
    await table.load()
    await table.stop()
    assert versions == [1, 2, 3, 4, 5]


async def test_the_broker_decompresses_batches_and_refuses_records_that_are_too_large(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    fetched: list[bytes] = []

    def noting(raw: bytes, aborted: Any, check: bool) -> NormalBatches:
        fetched.append(raw)
        return normalise(raw, aborted, check)

    monkeypatch.setattr(fetch_results, "normalise", noting)
    for codec in (1, 2, 3, 4):
        row = (0, b"k", b"v" * 500_000, ())
        await produce_raw(
            infrastructure.bootstrap, topic.name, 0, batch_of([row], compression=codec)
        )
        size = 100_000_000 if codec == 1 else 10_000_000  # the broker inflates it in its heap
        for key, value in ((b"k" * 3_000_000, b"v"), (b"k", b"v" * size)):
            bomb = batch_of([(0, key, value, ())], compression=codec)
            assert len(bomb) < topic.max_bytes, "the broker sees it only when it inflates it"
            with pytest.raises(MessageSizeTooLargeError):
                await produce_raw(infrastructure.bootstrap, topic.name, 0, bomb)
    worker = NotingWorker()
    async with reading(infrastructure, topic, worker):
        await until(lambda: len(worker.values(0)) >= 4, 90)
    assert worker.values(0) == [b"v" * 500_000] * 4
    assert fetched
    assert all(is_normal(raw) for raw in fetched)


async def test_topics_of_earlier_data_get_the_settings_of_the_table(
    infrastructure: Infrastructure,
) -> None:
    """Other settings of the topic stay."""
    topic, bootstrap = as_sent(infrastructure), infrastructure.bootstrap
    new_topic_of_table = new_topic(topic)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()

    async def settings() -> dict[str, str]:
        (answer,) = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic.name)]
        )
        ((_, _, _, _, entries),) = answer.resources
        return {name: value for name, value, *_ in entries}

    changed = {
        **new_topic_of_table.topic_configs,
        "compression.type": "producer",
        "retention.bytes": "-1",
        "segment.ms": "777777777",
    }
    await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=changed)]
    )
    assert (await settings())["compression.type"] == "producer"
    for _ in range(2):
        assert await ensure_topics(bootstrap, [new_topic_of_table]) == 0
        result = await settings()
        assert {
            name: result[name] for name in new_topic_of_table.topic_configs
        } == new_topic_of_table.topic_configs
        assert result["segment.ms"] == "777777777"
    await admin.close()


async def test_only_committed_records_are_handled(
    infrastructure: Infrastructure, exits: list[str]
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    worker = NotingWorker()
    producer = AIOKafkaProducer(
        bootstrap_servers=infrastructure.bootstrap, transactional_id=topic.name
    )
    await producer.start()

    async def transaction(values: Mapping[int, bytes], *, abort: bool) -> None:
        await producer.begin_transaction()
        for partition, value in values.items():
            await producer.send_and_wait(topic.name, value, partition=partition)
        await (producer.abort_transaction() if abort else producer.commit_transaction())

    def next_offset(partition: int) -> int:
        return consumer.next_offsets[TopicPartition(topic.name, partition)]

    try:
        async with reading(infrastructure, topic, worker) as consumer:
            await until(lambda: len(consumer.next_offsets) == 4, 30)
            await transaction({0: b"aborted", 1: b"aborted"}, abort=True)
            await transaction({0: b"committed", 2: b"committed"}, abort=False)
            await produce(infrastructure.bootstrap, topic.name, [("k", b"plain", 0)])
            # Partitions 1 and 2 end with an end mark.
            await until(lambda: len(worker.values(0)) == 2, 30)

            def is_skipped() -> bool:
                check(consumer)
                return [next_offset(partition) for partition in range(4)] == [5, 2, 2, 0]

            await until(is_skipped, 30)
            assert worker.values(0) == [b"committed", b"plain"]
            assert (worker.values(1), worker.values(2)) == ([], [b"committed"])

            await producer.begin_transaction()
            await producer.send_and_wait(topic.name, b"open", partition=3)
            await produce(
                infrastructure.bootstrap, topic.name, [("k", b"behind", 3), ("k", b"", 0)]
            )
            await until(lambda: len(worker.values(0)) == 3, 30)
            end = consumer._consumer.highwater(TopicPartition(topic.name, 3))
            await until(
                lambda: consumer._consumer.highwater(TopicPartition(topic.name, 3)) == 2, 30
            )
            check(consumer)
            assert (worker.values(3), next_offset(3), end is not None) == ([], 0, True)
            assert (exits, consumer.ready()) == ([], None)
            await producer.commit_transaction()
            await until(lambda: len(worker.values(3)) == 2, 30)
            assert worker.values(3) == [b"open", b"behind"]
            check(consumer)
            assert (exits, consumer.ready()) == ([], None)
    finally:
        await producer.stop()


async def test_a_table_applies_no_aborted_record(infrastructure: Infrastructure) -> None:
    topic = infrastructure.own_topic(RULES)
    producer = AIOKafkaProducer(
        bootstrap_servers=infrastructure.bootstrap, transactional_id=topic.name
    )
    await producer.start()
    for version, end in ((1, "commit"), (2, "abort")):
        rule = a_rule(a_threshold_rule(("red", 216, 215)), version=version)
        await producer.begin_transaction()
        await producer.send_and_wait(topic.name, rule.to_wire(), key=b"k")
        await getattr(producer, f"{end}_transaction")()
    await producer.stop()
    versions: list[int] = []
    table = CompactedTable(
        infrastructure.bootstrap,
        topic,
        lambda rule: versions.append(rule.version),
        lambda _key: None,
    )
    await table.load()
    await table.stop()
    assert (versions, table.positions) == ([1], {f"{topic.name}:0": 4})


async def test_any_header_and_any_record_time_is_read(infrastructure: Infrastructure) -> None:
    topic, worker = as_sent(infrastructure), NotingWorker()
    extreme_times = [-(10**17), -62_135_596_800_001, -1]
    for part, stamp in enumerate(extreme_times):
        row = (0, b"k", b"v", [(b"\xff\xfe", b"v")])
        raw = batch_of([row], compression=part, first_ms=stamp)
        await produce_raw(infrastructure.bootstrap, topic.name, part, raw)
        await produce(infrastructure.bootstrap, topic.name, [("k", b"after", part)])
    async with reading(infrastructure, topic, worker) as consumer:
        await until(lambda: sum(map(len, worker.records.values())) >= 6, 30)
        await until(
            lambda: (
                [consumer.next_offsets[TopicPartition(topic.name, n)] for n in range(3)] == [2] * 3
            ),
            30,
        )
        assert [worker.records[n][0].timestamp for n in range(3)] == extreme_times
        assert [worker.values(n) for n in range(3)] == [[b"v", b"after"]] * 3
        assert consumer.ready() is None
