"""What every service stands on, assembled once: broker, producer, dead letters, health, metrics.

An app.py makes a `Platform`, or one with Postgres (shared/runtime/stateful.py), declares what comes in and
goes out, adds its own parts and asks for the ASGI app.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, nullcontext
from typing import Any

from faststream.asgi import AsgiFastStream, AsgiResponse
from prometheus_client import CollectorRegistry

from shared.contracts.topics import TopicSpec
from shared.runtime.asyncapi import Operation, Traffic, document
from shared.runtime.batches import BatchConsumer
from shared.runtime.broker import LOGGER, make_broker
from shared.runtime.clock import Clock, SystemClock
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.health import Health
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.publisher import Publisher
from shared.runtime.settings import ServiceSettings
from shared.runtime.shell import background, lifespan_of, operations_routes, wait_for_kafka
from shared.runtime.tables import AtBoundary, CompactedTable, OnDelete, OnMessage
from shared.runtime.worker import Overtaking, Worker

Loop = Callable[[], Coroutine[Any, Any, None]]
CleanUp = Callable[[], Coroutine[Any, Any, None]]
_NO_SUCH_PATH = {"type": "about:blank", "title": "There is no such path", "status": 404}


class _Worker(AsgiFastStream):
    """FastStream's application; what is not there is answered as everywhere, by a problem document."""

    platform: Platform

    async def not_found(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a path that is none of the operations'."""
        if scope["type"] != "http":
            await super().not_found(scope, receive, send)
            return
        kind = {"content-type": "application/problem+json"}
        answer = AsgiResponse(json.dumps(_NO_SUCH_PATH).encode(), 404, kind)
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
        self._publish_timeout_s = publish_timeout_s
        self.publisher = Publisher(settings.kafka_bootstrap, self.metrics, publish_timeout_s)
        self._other_publishers: list[Publisher] = []
        self.dead_letters = DeadLetters(service, self.publisher, self.metrics, self.clock)
        self.loops: list[Loop] = []
        self.health.add("producer", self.publisher.ready)
        self.describe_also: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document
        """Adds to the AsyncAPI document what goes out by other ways than Kafka."""
        self.traffic = Traffic(service)
        self._tables: list[CompactedTable] = []
        self._consumers: list[BatchConsumer] = []
        self._routes: list[tuple[str, Any]] = []
        self._clean_ups: list[CleanUp] = []

    def another_publisher(self) -> Publisher:
        """A producer with a connection of its own, for what must not hold up the first one's records.

        aiokafka has one request at a time on its way to a broker: what is small waits behind what is large.
        It has no patience: what was not confirmed in time does not arrive later, behind another process's.
        """
        publisher = Publisher(
            self.settings.kafka_bootstrap, self.metrics, self._publish_timeout_s, patience_s=0
        )
        self._other_publishers.append(publisher)
        self.health.add(f"producer {len(self._other_publishers) + 1}", publisher.ready)
        return publisher

    def consume(
        self,
        topics: Sequence[TopicSpec],
        worker: Worker,
        *,
        max_records: int = 500,
        fetch_batches: int = 1,
        unopened: int = 0,
        overtaking: Overtaking | None = None,
    ) -> BatchConsumer:
        """Read `topics` as one consumer group named after the service. `overtaking` is the worker where
        urgent records go first; with `unopened` it gets spans of about so many records where it can."""
        group = f"fenghuo-{self.service}"
        for spec in topics:
            self.traffic.reads(spec, group)
        consumer = BatchConsumer(
            self.broker,
            topics,
            worker,
            self.metrics,
            group=group,
            instance_id=self.settings.group_instance_id,
            max_records=max_records,
            fetch_batches=fetch_batches,
            unopened=unopened,
            overtaking=overtaking,
        )
        self.health.add("consumer", consumer.ready)
        self.loops.append(consumer.watch)
        self._consumers.append(consumer)
        return consumer

    def table(
        self,
        spec: TopicSpec,
        on_message: OnMessage,
        on_delete: OnDelete | None = None,
        at_boundary: AtBoundary = nullcontext,
    ) -> CompactedTable:
        """Hold a compacted topic in memory; loaded before anything is consumed."""
        bootstrap, refuse = self.settings.kafka_bootstrap, self.dead_letters.send
        table = CompactedTable(bootstrap, spec, on_message, refuse, on_delete, at_boundary)
        self.traffic.reads(spec)
        self._tables.append(table)
        self.health.add(spec.name, table.ready)
        self.loops.append(table.follow)
        return table

    def produces(self, *topics: TopicSpec) -> None:
        """Name the topics this service writes, for its AsyncAPI document."""
        for spec in topics:
            self.traffic.note(Operation("send", spec))

    def looks_into(self, *topics: TopicSpec) -> None:
        """Name the topics of which this service reads some records, and some of the dead letters."""
        for spec in topics:
            self.traffic.note(Operation("receive", spec))
            if spec.dead_letters:
                self.traffic.note(Operation("receive", spec, letters=True))

    def route(self, path: str, handler: Any) -> None:
        """Serve `path` by an ASGI handler, beside the operations routes."""
        self._routes.append((path, handler))

    def on_stop(self, clean_up: CleanUp) -> None:
        """Call `clean_up` at the end of the process, when loops and consumers have stopped."""
        self._clean_ups.append(clean_up)

    def routes(self) -> list[tuple[str, Any]]:
        """Return health, metrics, documents and the service's own routes as ASGI routes.

        Call this after everything is declared.
        """
        described = self.describe_also(document(self.traffic))
        return [*operations_routes(self.health, self.metrics, described), *self._routes]

    async def start(self, stack: AsyncExitStack) -> None:
        """Connect in order: Kafka, producer, tables, loops. The broker is started by its owner."""
        for clean_up in self._clean_ups:
            stack.push_async_callback(clean_up)
        await wait_for_kafka(self.settings.kafka_bootstrap, self.settings.start_patience_s)
        for publisher in (self.publisher, *self._other_publishers):
            await publisher.start()
            stack.push_async_callback(publisher.stop)
        for table in self._tables:
            stack.push_async_callback(table.stop)
            await table.load()
        for consumer in self._consumers:
            stack.push_async_callback(consumer.close)
        await stack.enter_async_context(background(*self.loops))

    def asgi(self) -> AsgiFastStream:
        """The worker's ASGI application: FastStream's consumers plus the operations routes."""
        worker = _Worker(
            self.broker,
            logger=logging.getLogger(LOGGER),
            asgi_routes=self.routes(),
            lifespan=lifespan_of(self.start),
        )
        worker.platform = self
        return worker
