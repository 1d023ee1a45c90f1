"""A partition that a bug blocks stands with a reason, until a restart or a person's acceptance."""

from __future__ import annotations

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.topics import ensure_topics, new_topic
from shared.contracts.topics import GAP_ACCEPTANCES, REPORTS
from shared.runtime import failed_records
from tests.e2e.test_inbox import Service, report
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce
from tests.support.reading import accept_gap
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e]
BUG = "a bug"


async def test_a_blocked_partition_stands_alone_until_a_restart_without_the_bug(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_records, "MOST_BUG_LETTERS", 0)
    topic = infrastructure.own_topic(REPORTS)
    records = [
        (0, report(1)),
        (0, report(2, headline=BUG)),
        (0, report(3)),
        *((1, report(number)) for number in range(4, 8)),
    ]
    producer = AIOKafkaProducer(bootstrap_servers=infrastructure.bootstrap, acks="all")
    await producer.start()
    service = Service(infrastructure, topic)
    async with service.running():
        for partition, value in records[:-1]:
            await producer.send_and_wait(topic.name, value, key=b"k", partition=partition)
        await until(lambda: "stands at offset 1" in (service.consumer.ready() or ""))
        partition, value = records[-1]
        await producer.send_and_wait(topic.name, value, key=b"k", partition=partition)
        await until(lambda: len(service.applied) == 5)
        assert sorted(service.applied) == [f"report-{number}" for number in (1, 4, 5, 6, 7)]
        service.consumer.check()
        labels = {"topic": topic.name}
        standing = service.registry.get_sample_value("fenghuo_partitions_standing", labels)
        assert standing == 1
    await producer.stop()
    mended = Service(infrastructure, topic)
    mended.bug = "mended"
    async with mended.running():
        await until(lambda: len(mended.applied) == 2)
        assert mended.applied == ["report-2", "report-3"]
        assert mended.consumer.ready() is None


async def test_an_accepted_bug_lets_the_partition_go_on_without_a_restart(
    infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_records, "MOST_BUG_LETTERS", 0)
    topic = infrastructure.own_topic(REPORTS)
    await ensure_topics(infrastructure.bootstrap, [new_topic(GAP_ACCEPTANCES)])
    values = [report(1), report(2, headline=BUG), report(3)]
    await produce(infrastructure.bootstrap, topic.name, [("k", value, 0) for value in values])
    service = Service(infrastructure, topic)
    async with service.running():
        await until(lambda: "stands at offset 1" in (service.consumer.ready() or ""))
        watch = service.consumer.log_watch
        await watch.check()
        [gap] = watch.gaps()
        assert (gap.kind.value, gap.offset) == ("bug", 1)
        service.bug = "mended"
        await accept_gap(infrastructure, service.consumer, gap)
        await watch.check()
        await until(lambda: service.applied == ["report-1", "report-2", "report-3"])
        await until(lambda: service.consumer.ready() is None)
