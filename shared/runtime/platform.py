"""The parts of every service, assembled once: broker, producer, dead letters, health, metrics.

An app.py makes a `Platform`, or a `StatefulPlatform` (shared/runtime/stateful_platform.py),
declares the topics that it reads and writes, adds its own parts and asks for the ASGI application.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, nullcontext
from typing import Any

from faststream.asgi import AsgiFastStream, AsgiResponse
from prometheus_client import CollectorRegistry

from shared.contracts.topics import GAP_ACCEPTANCES, TopicSpec
from shared.runtime.asyncapi import Operation, Traffic, document
from shared.runtime.background_loops import BackgroundLoop, NamedLoop, background
from shared.runtime.broker import LOGGER, make_broker
from shared.runtime.clean_up import Stop, push_stop
from shared.runtime.clock import Clock, SystemClock
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.fetching.partition_records import OrdinaryRecords, RecordReader
from shared.runtime.health import Health
from shared.runtime.http_server import json_route, lifespan_of, operations_routes, wait_for_kafka
from shared.runtime.log_client import LogClient
from shared.runtime.loop_watch import loop_watch
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.partition_consumer import PartitionConsumer
from shared.runtime.publisher import Publisher
from shared.runtime.settings import ServiceSettings
from shared.runtime.table_watch import TableWatch
from shared.runtime.tables import AtBoundary, CompactedTable, OnDelete, OnMessage
from shared.runtime.worker import PriorityWorker, Worker

Document = dict[str, Any]
_NO_SUCH_PATH = {"type": "about:blank", "title": "There is no such path", "status": 404}


class ServiceApplication(AsgiFastStream):
    """FastStream's application; it answers an unknown path with a problem document."""

    platform: Platform

    async def not_found(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a path that has no route."""
        if scope["type"] != "http":
            await super().not_found(scope, receive, send)
            return
        content_type = {"content-type": "application/problem+json"}
        answer = AsgiResponse(json.dumps(_NO_SUCH_PATH).encode(), 404, content_type)
        await answer(scope, receive, send)


class Platform:
    """The parts of one process. Nothing is connected before `start`."""

    def __init__(
        self,
        service: str,
        settings: ServiceSettings,
        *,
        clock: Clock | None = None,
        publish_timeout_s: float = 10.0,
    ) -> None:
        self.service = service
        self.settings = settings
        self.clock = clock or SystemClock()
        self.registry = CollectorRegistry()
        self.metrics = RuntimeMetrics(self.registry)
        self.health = Health(service, settings.broker_name)
        self.broker = make_broker(settings.kafka_bootstrap, service)
        self.traffic = Traffic(service)
        self._publish_timeout_s = publish_timeout_s
        self.publisher = Publisher(settings.kafka_bootstrap, self.metrics, publish_timeout_s)
        self.dead_letters = DeadLetters(service, self.publisher, self.metrics, self.clock)
        self.health.add("producer", self.publisher.ready)
        self._more_publishers: list[Publisher] = []
        self._tables: list[CompactedTable] = []
        self._log_client = LogClient(settings.kafka_bootstrap)
        self._table_watch = TableWatch(self._log_client, self._tables, self.metrics)
        self.health.add("tables", self._table_watch.ready)
        self._consumers: list[PartitionConsumer] = []
        self._loops: list[NamedLoop] = []
        self._stops: list[tuple[str, Stop]] = []
        self._routes: list[tuple[str, Any]] = []
        self._descriptions: list[Callable[[Document], Document]] = []

    def add_publisher(self) -> Publisher:
        """Add a producer with its own connection, for records that must not hold up the first
        one's.

        aiokafka has one request at a time under way to a broker: a small one waits behind a large
        one. This producer has no patience: a record that was not confirmed in time does not arrive
        later, after the records of another process.
        """
        publisher = Publisher(
            self.settings.kafka_bootstrap, self.metrics, self._publish_timeout_s, patience_s=0
        )
        self._more_publishers.append(publisher)
        self.health.add(f"producer {len(self._more_publishers) + 1}", publisher.ready)
        return publisher

    def consume(
        self,
        topics: Sequence[TopicSpec],
        worker: Worker,
        *,
        max_records: int = 500,
        fetch_batches: int = 1,
        reader: RecordReader = OrdinaryRecords,
        priority_worker: PriorityWorker | None = None,
    ) -> PartitionConsumer:
        """Read `topics` as one consumer group named after the service.

        `priority_worker` is the worker where urgent records go first. `reader` makes the records of
        a fetch; shared/fastpath has a faster one.
        """
        group = f"fenghuo-{self.service}"
        for spec in topics:
            self.traffic.reads(spec, group)
            self.metrics.preset_dead_letters(spec.name)
        self.traffic.note(Operation("receive", GAP_ACCEPTANCES))
        consumer = PartitionConsumer(
            self.broker,
            topics,
            worker,
            self.metrics,
            group=group,
            instance_id=self.settings.group_instance_id,
            max_records=max_records,
            fetch_batches=fetch_batches,
            reader=reader,
            priority_worker=priority_worker,
        )
        self.health.add("consumer", consumer.ready)
        self.run_in_background("consumer watch", consumer.watch)
        self.run_in_background("log watch", consumer.log_watch.run)
        self._consumers.append(consumer)
        return consumer

    def table(
        self,
        spec: TopicSpec,
        on_message: OnMessage,
        on_delete: OnDelete,
        at_boundary: AtBoundary = nullcontext,
    ) -> CompactedTable:
        """Hold a compacted topic in memory; it is loaded before anything is consumed."""
        bootstrap, refuse = self.settings.kafka_bootstrap, self.dead_letters.send
        table = CompactedTable(bootstrap, spec, on_message, on_delete, refuse, at_boundary)
        self.traffic.reads(spec)
        self.metrics.preset_dead_letters(spec.name)
        self._tables.append(table)
        self.health.add(spec.name, table.ready)
        self.run_in_background(f"table {spec.name}", table.follow)
        return table

    @property
    def tables(self) -> dict[str, CompactedTable]:
        """The tables of this service by topic."""
        return {table.name: table for table in self._tables}

    def produces(self, *topics: TopicSpec) -> None:
        """Name the topics that this service writes, for its AsyncAPI document."""
        for spec in topics:
            self.traffic.note(Operation("send", spec))

    def inspects(self, *topics: TopicSpec, letters: bool = True) -> None:
        """Name the topics of which this service reads some records, and some dead letters."""
        for spec in topics:
            self.traffic.note(Operation("receive", spec))
        if letters:
            self.inspects_letters(*topics)

    def inspects_letters(self, *topics: TopicSpec) -> None:
        """Name the topics of which this service reads some dead letters."""
        for spec in topics:
            if spec.dead_letters:
                self.traffic.note(Operation("receive", spec, letters=True))

    def run_in_background(self, name: str, loop: BackgroundLoop) -> None:
        """Run an endless loop beside the service; the process ends when the loop does."""
        self._loops.append((name, loop))

    def on_stop(self, name: str, stop: Stop) -> None:
        """Call `stop` when the process stops, after the parts of the platform, the last added
        first."""
        self._stops.append((name, stop))

    def route(self, path: str, handler: Any) -> None:
        """Answer an HTTP path beside health, metrics and documents; `handler` is an ASGI
        application."""
        self._routes.append((path, handler))

    def describe(self, extend: Callable[[Document], Document]) -> None:
        """Let `extend` add to the AsyncAPI document what leaves by other ways than Kafka."""
        self._descriptions.append(extend)

    def routes(self) -> list[tuple[str, Any]]:
        """Return the ASGI routes; call after everything is declared."""
        described = document(self.traffic)
        for extend in self._descriptions:
            described = extend(described)
        return [
            *operations_routes(self.health, self.metrics, described),
            ("/gaps", json_route(self.gaps)),
            *self._routes,
        ]

    def gaps(self) -> list[Document]:
        """Return the gaps that block partitions, for `fenghuo gaps`."""
        return [
            {
                "service": self.service,
                "topic": gap.partition.topic,
                "partition": gap.partition.partition,
                "kind": gap.kind.value,
                "offset": gap.offset,
                "gap_id": consumer.log_watch.id_of(gap),
                "reason": gap.reason,
            }
            for consumer in self._consumers
            for gap in consumer.log_watch.gaps()
        ]

    async def start(self, stack: AsyncExitStack) -> None:
        """Connect in order: Kafka, producers, tables, loops. The owner of the broker starts it."""
        for name, stop in self._stops:
            push_stop(stack, name, stop)
        await wait_for_kafka(self.settings.kafka_bootstrap, self.settings.start_patience_s)
        for number, publisher in enumerate((self.publisher, *self._more_publishers), 1):
            await publisher.start()
            push_stop(stack, f"producer {number}", publisher.stop)
        push_stop(stack, "client of the log", self._log_client.stop)
        for table in self._tables:
            push_stop(stack, f"table {table.name}", table.stop)
            await table.load()
        if self._tables:
            self.run_in_background("table watch", self._table_watch.run)
        for consumer in self._consumers:
            topics = ", ".join(spec.name for spec in consumer.topics)
            push_stop(stack, f"consumer of {topics}", consumer.close)
        await stack.enter_async_context(background(*self._loops))
        stack.enter_context(loop_watch())

    def asgi(self) -> ServiceApplication:
        """Return the ASGI application: FastStream's consumers and the routes of the platform."""
        application = ServiceApplication(
            self.broker,
            logger=logging.getLogger(LOGGER),
            asgi_routes=self.routes(),
            lifespan=lifespan_of(self.start),
        )
        application.platform = self
        return application
