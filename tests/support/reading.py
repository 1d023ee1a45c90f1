"""A consumer that notes its records, and topics as clients of any kind have filled them."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiokafka.admin import NewTopic
from prometheus_client import CollectorRegistry

from deploy.commands.gaps.cli import acceptance_of, send
from deploy.local.topics import ensure_topics, new_topic
from shared.contracts.topics import ALARMS, TOPICS, TopicSpec
from shared.fastpath.fast_records import FastRecords, fast_reader
from shared.runtime.broker import make_broker
from shared.runtime.clock import SystemClock
from shared.runtime.fetching.partition_records import OrdinaryRecords, RecordReader
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.offset_gaps import BlockingGap
from shared.runtime.partition_consumer import PartitionConsumer
from shared.runtime.record_runs import partition_of_run, runs_of
from shared.runtime.stored_offsets import StoredOffset, fingerprint
from tests.support.infrastructure import Infrastructure

RECORD_READERS: dict[str, RecordReader] = {
    "ordinary": OrdinaryRecords,
    "fast": FastRecords,
    "raw": fast_reader(100),
}


class NotingWorker:
    """A Worker that notes the records it handles, by partition."""

    def __init__(self) -> None:
        self.records: dict[int, list[Any]] = {}
        self.offsets: dict[Any, StoredOffset] = {}
        self.gate = asyncio.Event()
        self.gate.set()

    async def restore(self, assigned: Sequence[Any]) -> Mapping[Any, StoredOffset]:
        return {place: self.offsets[place] for place in assigned if place in self.offsets}

    def stored(self, partition: Any) -> StoredOffset | None:
        return self.offsets.get(partition)

    async def move(self, partition: Any, target: StoredOffset) -> None:
        self.offsets[partition] = target

    async def handle(self, items: list[Any]) -> None:
        await self.gate.wait()
        for run in runs_of(items):
            self.records.setdefault(run.partition, []).extend(run.records())
            last = run.records()[-1]
            self.offsets[partition_of_run(run)] = StoredOffset(
                last.offset + 1, fingerprint(last.value)
            )

    async def release(self, revoked: Sequence[Any]) -> None: ...

    def values(self, partition: int) -> list[bytes]:
        return [record.value for record in self.records.get(partition, [])]


@asynccontextmanager
async def reading(
    infrastructure: Infrastructure,
    topic: TopicSpec,
    worker: NotingWorker,
    reader: RecordReader = OrdinaryRecords,
) -> AsyncIterator[PartitionConsumer]:
    """Run a consumer of a topic; a test chooses the reader from RECORD_READERS."""
    broker = make_broker(infrastructure.bootstrap, "test")
    metrics = RuntimeMetrics(CollectorRegistry())
    consumer = PartitionConsumer(
        broker, [topic], worker, metrics, group=topic.name, instance_id=None, reader=reader
    )
    await broker.start()
    try:
        yield consumer
    finally:
        await broker.stop()
        await consumer.close()


async def accept_gap(
    infrastructure: Infrastructure,
    consumer: PartitionConsumer,
    gap: BlockingGap,
    continue_at: int | None = None,
) -> None:
    """Accept a gap as an operator does."""
    gap_of_service = {
        "service": "alerting",
        "topic": gap.partition.topic,
        "partition": gap.partition.partition,
        "gap_id": consumer.log_watch.id_of(gap),
    }
    options = Namespace(
        unit="500000000000", continue_at=continue_at, officer="operator", reason="power cut"
    )
    acceptance = acceptance_of(gap_of_service, options, SystemClock().now())
    await send(infrastructure.bootstrap, acceptance)


def as_sent(infrastructure: Infrastructure, like: TopicSpec = ALARMS) -> TopicSpec:
    """Return a topic of earlier data: its batches are as clients sent them."""
    spec = infrastructure.own_topic(like)
    spec = replace(spec, name=f"sent.{spec.name}")
    new = new_topic(spec)
    configs = {**new.topic_configs, "compression.type": "producer"}
    configs["message.timestamp.type"] = "CreateTime"
    topic = NewTopic(spec.name, spec.partitions, 1, topic_configs=configs)
    infrastructure.run(ensure_topics(infrastructure.bootstrap, [topic]))
    TOPICS[spec.name] = spec
    return spec


def check(consumer: PartitionConsumer, times: int = 3) -> None:
    """Call the watchdog's checks without the seconds between them."""
    for _ in range(times):
        consumer.check()
