"""One real Kafka and one real Postgres per test run, without any service.

The stack lives in an event loop of its own thread, so that tests may use any loop they like. Topics
and schema are those of the product; a test that needs a topic to itself makes one (`own_topic`).
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from deploy.local.stack import Stack
from deploy.local.topics import dead_letter_topic, ensure_topics, new_topic
from shared.contracts.topics import TOPICS, TopicSpec

T = TypeVar("T")
_numbers = itertools.count(1)


class Infrastructure:
    """Addresses of the running Kafka and Postgres, and methods that disturb both."""

    def __init__(self, stack: Stack, loop: asyncio.AbstractEventLoop) -> None:
        self.stack = stack
        self._loop = loop

    @property
    def bootstrap(self) -> str:
        """Return `host:port` of Kafka."""
        return self.stack.kafka_bootstrap

    @property
    def broker_name(self) -> str:
        """Return product and version of the broker."""
        return self.stack.endpoints.broker_name

    def dsn(self, role: str = "") -> str:
        """Return the database address of a service's role; without a role the superuser's."""
        return self.stack.dsn(role) if role else self.stack.dsn()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the stack's loop."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(900)

    def own_topic(self, like: TopicSpec, *, compression: str = "", **change: Any) -> TopicSpec:
        """Create a topic with the settings of `like`; the topics table knows the topic for this
        run.

        `compression` makes it one of before brokers inflated what clients compress.
        """
        spec = replace(like, name=f"test.{next(_numbers)}.{like.name}", **change)
        topics = [new_topic(spec), dead_letter_topic(spec)]
        if compression:
            topics[0].topic_configs["compression.type"] = compression
        self.run(ensure_topics(self.bootstrap, topics))
        TOPICS[spec.name] = spec
        return spec


@contextmanager
def running(
    folder: Path,
    services: Sequence[str] = (),
    env: Mapping[str, Mapping[str, str]] | None = None,
) -> Iterator[Infrastructure]:
    """Yield Kafka, Postgres and these services in `folder`; all are removed at the end.

    `env` are extra variables per service.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="infrastructure", daemon=True)
    thread.start()
    stack = Stack(root=folder, services=services, env=env)
    infrastructure = Infrastructure(stack, loop)
    try:
        infrastructure.run(stack.up())
        yield infrastructure
    finally:
        infrastructure.run(stack.down())
        stack.discard()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
