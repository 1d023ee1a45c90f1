"""A partition without a leader holds up no other, loses nothing and keeps its order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from prometheus_client import CollectorRegistry

from deploy.local.paths import temporary_root
from shared.contracts.topics import ALARMS
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.publisher import Publisher
from tests.support.cluster import Cluster, two_nodes
from tests.support.kafka import read_all

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]
STAYS, GOES = 0, 1
"""Partitions, led by the node that stays and by the one that is killed."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with two_nodes(temporary_root("cluster")) as cluster_of_test:
        yield cluster_of_test


@asynccontextmanager
async def publishing(
    cluster: Cluster, timeout_s: float, patience_s: float
) -> AsyncIterator[tuple[Publisher, RuntimeMetrics]]:
    metrics = RuntimeMetrics(CollectorRegistry())
    publisher = Publisher(cluster.bootstrap, metrics, timeout_s, patience_s)
    await publisher.start()
    try:
        yield publisher, metrics
    finally:
        await publisher.stop()


def created(metrics: RuntimeMetrics) -> float:
    return metrics.registry.get_sample_value("fenghuo_producers_created_total") or 0


def counted_metadata(publisher: Publisher) -> list[float]:
    """When the producer asks who leads."""
    results: list[float] = []
    cluster = publisher.producer.client.cluster
    update = cluster.update_metadata

    def counted(metadata: Any) -> None:
        results.append(time.monotonic())
        update(metadata)

    cluster.update_metadata = counted
    return results


async def send_until_taken(publisher: Publisher, record: OutboundRecord) -> int:
    """As every caller does it; how often in vain."""
    for vain in range(1_000):
        try:
            await publisher.send([record])
        except Transient:
            await asyncio.sleep(0.1)
        else:
            return vain
    raise AssertionError("never taken")


async def log_of(cluster: Cluster, topic: str) -> dict[int, list[bytes]]:
    """Values of each partition, repeats dropped as readers drop them."""
    results: dict[int, dict[bytes, None]] = {STAYS: {}, GOES: {}}
    records: list[ConsumerRecord] = await read_all(
        cluster.bootstrap, replace(ALARMS, name=topic, partitions=2)
    )
    for record in records:
        results[record.partition].setdefault(record.value)
    return {partition: list(values) for partition, values in results.items()}


async def test_other_partitions_are_not_delayed_and_waiting_records_arrive_in_order(
    cluster: Cluster,
) -> None:
    cluster.create("alone", {STAYS: [1], GOES: [2]})
    stays: list[bytes] = []
    async with publishing(cluster, timeout_s=5, patience_s=600) as (publisher, metrics):
        for partition in (STAYS, GOES):
            await publisher.send([OutboundRecord("alone", None, b"first", partition)])
        cluster.kill()

        async def wait_in_vain() -> None:
            for number in range(3):
                records = [
                    OutboundRecord("alone", None, b"both-%d" % number, place)
                    for place in (GOES, STAYS)
                ]
                with pytest.raises(Transient):
                    await publisher.send(records)

        task = asyncio.create_task(wait_in_vain())
        questions = counted_metadata(publisher)
        began = time.monotonic()
        while not task.done():
            value = b"%d" % len(stays)
            await publisher.send([OutboundRecord("alone", None, value, STAYS)])
            stays.append(value)
            assert publisher.ready() is None
            await asyncio.sleep(0.01)
        await task
        assert len(questions) < 20 * (time.monotonic() - began)
        await asyncio.to_thread(cluster.revive)
        await send_until_taken(publisher, OutboundRecord("alone", None, b"last", GOES))
        assert created(metrics) == 1
    log = await log_of(cluster, "alone")
    # Behind the first that waits the others wait for their turn, most of them in vain.
    assert log[GOES][:2] == [b"first", b"both-0"]
    assert log[GOES][-1] == b"last"
    assert log[GOES][1:-1] == sorted(log[GOES][1:-1])
    assert [value for value in log[STAYS] if value.isdigit()] == stays
    assert {b"both-0", b"both-1", b"both-2"} < set(log[STAYS])


async def test_another_leader_takes_over_from_the_same_producer(cluster: Cluster) -> None:
    cluster.create("copied", {STAYS: [1, 2], GOES: [2, 1]})
    async with publishing(cluster, timeout_s=10, patience_s=600) as (publisher, metrics):
        await publisher.send([OutboundRecord("copied", None, b"0", GOES)])
        cluster.kill()
        for number in range(1, 50):
            for partition in (STAYS, GOES):
                await send_until_taken(
                    publisher, OutboundRecord("copied", None, b"%d" % number, partition)
                )
        assert created(metrics) == 1
    await asyncio.to_thread(cluster.revive)
    log = await log_of(cluster, "copied")
    assert log[GOES] == [b"%d" % number for number in range(50)]
    assert log[STAYS] == log[GOES][1:]


async def test_after_the_timeout_a_new_producer_takes_over_and_no_record_of_the_first_arrives_late(
    cluster: Cluster,
) -> None:
    cluster.create("given-up", {STAYS: [1], GOES: [2]})
    async with publishing(cluster, timeout_s=1, patience_s=2) as (publisher, metrics):
        for partition in (STAYS, GOES):
            await publisher.send([OutboundRecord("given-up", None, b"first", partition)])
        cluster.kill()
        thrown_away = 0
        while created(metrics) < 2:
            with suppress(Transient):
                await publisher.send(
                    [OutboundRecord("given-up", None, b"old-%d" % thrown_away, GOES)]
                )
            thrown_away += 1
        await send_until_taken(publisher, OutboundRecord("given-up", None, b"goes on", STAYS))
        reviving = asyncio.create_task(asyncio.to_thread(cluster.revive))
        await send_until_taken(publisher, OutboundRecord("given-up", None, b"new", GOES))
        await reviving
        await send_until_taken(publisher, OutboundRecord("given-up", None, b"last", GOES))
    log = await log_of(cluster, "given-up")
    assert log[STAYS] == [b"first", b"goes on"]
    assert b"old-0" not in log[GOES]
    # The last of the old ones may have been handed to the second producer.
    assert [value for value in log[GOES] if value[:3] != b"old"] == [b"first", b"new", b"last"]
    assert all(value[:3] != b"old" for value in log[GOES][log[GOES].index(b"new") :])
