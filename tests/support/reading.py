"""A consumer that notes what it is given, and topics as clients of any kind have filled them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiokafka.admin import NewTopic
from prometheus_client import CollectorRegistry

from deploy.local.topics import ensure_topics, new_topic
from shared.contracts.topics import ALARMS, TOPICS, TopicSpec
from shared.fastpath import raw_batches as unpack
from shared.runtime.batches import BatchConsumer
from shared.runtime.broker import make_broker
from shared.runtime.metrics import RuntimeMetrics
from tests.support.infrastructure import Infrastructure


class Noting:
    """A Worker that notes what it is given, by partition."""

    def __init__(self) -> None:
        self.handled: dict[int, list[Any]] = {}
        self.gate = asyncio.Event()
        self.gate.set()

    async def restore(self, assigned: Sequence[Any]) -> Mapping[Any, int]:
        return {p: len(self.handled[p.partition]) for p in assigned if p.partition in self.handled}

    async def handle(self, batch: list[Any]) -> None:
        await self.gate.wait()
        for run in unpack.runs(batch):
            some = run.opened() if isinstance(run, unpack.Span) else run
            self.handled.setdefault(some[0].partition, []).extend(some)

    async def release(self, revoked: Sequence[Any]) -> None: ...

    def values(self, partition: int) -> list[bytes]:
        return [record.value for record in self.handled.get(partition, [])]


@asynccontextmanager
async def reading(
    infrastructure: Infrastructure, topic: TopicSpec, worker: Noting, unopened: int = 0
) -> AsyncIterator[BatchConsumer]:
    broker = make_broker(infrastructure.bootstrap, "test")
    metrics = RuntimeMetrics(CollectorRegistry())
    consumer = BatchConsumer(
        broker, [topic], worker, metrics, group=topic.name, instance_id=None, unopened=unopened
    )
    await broker.start()
    try:
        yield consumer
    finally:
        await broker.stop()
        await consumer.close()


def as_sent(infrastructure: Infrastructure, like: TopicSpec = ALARMS) -> TopicSpec:
    """A topic of kept data: batches lie in it as clients sent them."""
    spec = infrastructure.own_topic(like)
    spec = replace(spec, name=f"sent.{spec.name}")
    definition = new_topic(spec)
    configs = {**definition.topic_configs, "compression.type": "producer"}
    configs["message.timestamp.type"] = "CreateTime"
    topic = NewTopic(spec.name, spec.partitions, 1, topic_configs=configs)
    infrastructure.run(ensure_topics(infrastructure.bootstrap, [topic]))
    TOPICS[spec.name] = spec
    return spec


def looked(consumer: BatchConsumer, times: int = 3) -> None:
    """The watchdog's looks, without the seconds between them."""
    for _ in range(times):
        consumer._look()
