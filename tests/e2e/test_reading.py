"""Kinds of records on a real Kafka: compressed, transactional, damaged, deleted (docs/adr/0002)."""

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
from shared.fastpath import raw_batches as unpack
from shared.fastpath import records, unusual
from shared.runtime import batches, progress
from shared.runtime.tables import CompactedTable
from tests.support.batches import batch_of
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce, produce_raw
from tests.support.reading import Noting, as_sent, looked, reading
from tests.support.scoring import a_ladder, a_rule
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

CODECS = ("gzip", "snappy", "lz4", "zstd")


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the reasons for which a watchdog without patience would have ended the process."""
    results: list[str] = []
    monkeypatch.setattr(batches, "die", results.append)
    monkeypatch.setattr(progress, "STUCK_AFTER_S", -1.0)
    return results


@pytest.mark.parametrize("unopened", [0, 100])
async def test_every_codec_is_read(infrastructure: Infrastructure, unopened: int) -> None:
    topic = as_sent(infrastructure)
    for number, codec in enumerate(CODECS):
        producer = AIOKafkaProducer(
            bootstrap_servers=infrastructure.bootstrap, compression_type=codec
        )
        await producer.start()
        for n in range(50):
            await producer.send(topic.name, b"%d" % n * 20, partition=number)
        await producer.stop()
    worker = Noting()
    async with reading(infrastructure, topic, worker, unopened) as consumer:
        await until(lambda: sum(map(len, worker.handled.values())) >= 200, 30)
        assert consumer.ready() is None
    for number in range(4):
        assert worker.values(number) == [b"%d" % n * 20 for n in range(50)]


async def test_tables_read_every_codec_and_any_header(infrastructure: Infrastructure) -> None:
    topic, versions = as_sent(infrastructure, RULES), []
    for version in range(1, 6):
        rule = a_rule(a_ladder(("red", 216, 215)), version=version)
        row = (0, b"%d" % version, rule.to_wire(), [(b"\xff\xfe", b"v")])
        await produce_raw(
            infrastructure.bootstrap, topic.name, 0, batch_of([row], compression=version - 1)
        )
    table = CompactedTable(
        infrastructure.bootstrap, topic, lambda rule: versions.append(rule.version)
    )
    await table.load()
    await table.stop()
    assert versions == [1, 2, 3, 4, 5]


async def test_the_broker_inflates_what_clients_compress_and_refuses_what_is_too_large(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    handed: list[bytes] = []

    def noted(raw: bytes, aborted: Any, check: bool) -> unusual.Usual:
        handed.append(raw)
        return unusual.made_usual(raw, aborted, check)

    monkeypatch.setattr(records, "made_usual", noted)
    for codec in (1, 2, 3, 4):
        row = (0, b"k", b"v" * 500_000, ())
        await produce_raw(
            infrastructure.bootstrap, topic.name, 0, batch_of([row], compression=codec)
        )
        most = 100_000_000 if codec == 1 else 10_000_000  # the broker inflates it in its heap
        for key, value in ((b"k" * 3_000_000, b"v"), (b"k", b"v" * most)):
            bomb = batch_of([(0, key, value, ())], compression=codec)
            assert len(bomb) < topic.max_bytes, "the broker sees it only when it inflates it"
            with pytest.raises(MessageSizeTooLargeError):
                await produce_raw(infrastructure.bootstrap, topic.name, 0, bomb)
    worker = Noting()
    async with reading(infrastructure, topic, worker):
        await until(lambda: len(worker.values(0)) >= 4, 90)
    assert worker.values(0) == [b"v" * 500_000] * 4
    assert handed
    assert all(unpack.is_usual(raw) for raw in handed)


async def test_topics_of_kept_data_get_the_settings_of_the_table(
    infrastructure: Infrastructure,
) -> None:
    """And keep what else was set there."""
    topic, bootstrap = as_sent(infrastructure), infrastructure.bootstrap
    definition = new_topic(topic)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()

    async def settings() -> dict[str, str]:
        (answer,) = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic.name)]
        )
        ((_, _, _, _, entries),) = answer.resources
        return {name: value for name, value, *_ in entries}

    altered = {
        **definition.topic_configs,
        "compression.type": "producer",
        "segment.ms": "777777777",
    }
    await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=altered)]
    )
    assert (await settings())["compression.type"] == "producer"
    for _ in range(2):
        assert await ensure_topics(bootstrap, [definition]) == 0
        result = await settings()
        assert {name: result[name] for name in definition.topic_configs} == definition.topic_configs
        assert result["segment.ms"] == "777777777"
    await admin.close()


async def test_only_what_a_transaction_commits_is_handled(
    infrastructure: Infrastructure, deaths: list[str]
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    worker = Noting()
    producer = AIOKafkaProducer(
        bootstrap_servers=infrastructure.bootstrap, transactional_id=topic.name
    )
    await producer.start()

    async def transaction(values: Mapping[int, bytes], *, abort: bool) -> None:
        await producer.begin_transaction()
        for partition, value in values.items():
            await producer.send_and_wait(topic.name, value, partition=partition)
        await (producer.abort_transaction() if abort else producer.commit_transaction())

    def where(partition: int) -> int:
        return consumer._next[TopicPartition(topic.name, partition)]

    try:
        async with reading(infrastructure, topic, worker) as consumer:
            await until(lambda: len(consumer._next) == 4, 30)
            await transaction({0: b"aborted", 1: b"aborted"}, abort=True)
            await transaction({0: b"committed", 2: b"committed"}, abort=False)
            await produce(infrastructure.bootstrap, topic.name, [("k", b"plain", 0)])
            # The last thing in partitions 1 and 2 is an end mark.
            await until(lambda: len(worker.values(0)) == 2, 30)

            def passed() -> bool:
                looked(consumer)
                return [where(number) for number in range(4)] == [5, 2, 2, 0]

            await until(passed, 30)
            assert worker.values(0) == [b"committed", b"plain"]
            assert (worker.values(1), worker.values(2)) == ([], [b"committed"])

            await producer.begin_transaction()
            await producer.send_and_wait(topic.name, b"open", partition=3)
            await produce(
                infrastructure.bootstrap, topic.name, [("k", b"behind", 3), ("k", b"", 0)]
            )
            await until(lambda: len(worker.values(0)) == 3, 30)
            before = consumer._consumer.highwater(TopicPartition(topic.name, 3))
            await until(
                lambda: consumer._consumer.highwater(TopicPartition(topic.name, 3)) == 2, 30
            )
            looked(consumer)
            assert (worker.values(3), where(3), before is not None) == ([], 0, True)
            assert (deaths, consumer.ready()) == ([], None)
            await producer.commit_transaction()
            await until(lambda: len(worker.values(3)) == 2, 30)
            assert worker.values(3) == [b"open", b"behind"]
            looked(consumer)
            assert (deaths, consumer.ready()) == ([], None)
    finally:
        await producer.stop()


async def test_a_table_takes_no_aborted_record(infrastructure: Infrastructure) -> None:
    topic = infrastructure.own_topic(RULES)
    producer = AIOKafkaProducer(
        bootstrap_servers=infrastructure.bootstrap, transactional_id=topic.name
    )
    await producer.start()
    for version, end in ((1, "commit"), (2, "abort")):
        rule = a_rule(a_ladder(("red", 216, 215)), version=version)
        await producer.begin_transaction()
        await producer.send_and_wait(topic.name, rule.to_wire(), key=b"k")
        await getattr(producer, f"{end}_transaction")()
    await producer.stop()
    versions: list[int] = []
    table = CompactedTable(
        infrastructure.bootstrap, topic, lambda rule: versions.append(rule.version)
    )
    await table.load()
    await table.stop()
    assert (versions, table.positions) == ([1], {f"{topic.name}:0": 4})


async def test_any_header_and_any_record_time_is_read(infrastructure: Infrastructure) -> None:
    topic, worker = as_sent(infrastructure), Noting()
    far = [-(10**17), -62_135_596_800_001, -1]
    for part, stamp in enumerate(far):
        row = (0, b"k", b"v", [(b"\xff\xfe", b"v")])
        raw = batch_of([row], compression=part, first_ms=stamp)
        await produce_raw(infrastructure.bootstrap, topic.name, part, raw)
        await produce(infrastructure.bootstrap, topic.name, [("k", b"after", part)])
    async with reading(infrastructure, topic, worker) as consumer:
        await until(lambda: sum(map(len, worker.handled.values())) >= 6, 30)
        await until(
            lambda: [consumer._next[TopicPartition(topic.name, n)] for n in range(3)] == [2] * 3, 30
        )
        assert [worker.handled[n][0].timestamp for n in range(3)] == far
        assert [worker.values(n) for n in range(3)] == [[b"v", b"after"]] * 3
        assert consumer.ready() is None
