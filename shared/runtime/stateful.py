"""A Platform with state in Postgres: inbox, outbox, timers, retention.

A module of its own, so that a service without a database does not load the driver.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Protocol

from shared.contracts.topics import TopicSpec
from shared.runtime.batches import BatchConsumer
from shared.runtime.clock import Clock
from shared.runtime.database import Database, Transaction
from shared.runtime.handlers import Dispatcher, Order, Router, Unit
from shared.runtime.inbox import Apply, First, InboxWorker, Quick
from shared.runtime.outbox import OutboxRelay
from shared.runtime.platform import Platform
from shared.runtime.retention import Retention, forget_fired_timers, forget_inbox
from shared.runtime.settings import DatabaseSettings
from shared.runtime.timers import Fire, Lock, TimerSweeper


class ReadProgress(Protocol):
    """The progress of a process through the topics that it reads."""

    def caught_up(self, topic: str, moment: datetime) -> bool:
        """Return whether all records of a topic that Kafka took before `moment` are handled."""
        ...


class StatefulPlatform(Platform):
    """A Platform whose state, inbox, outbox and timers live in the service's Postgres schema."""

    def __init__(
        self, service: str, settings: DatabaseSettings, *, clock: Clock | None = None
    ) -> None:
        super().__init__(service, settings, clock=clock)
        self.database = Database(
            settings.database_url.get_secret_value(), service, settings.database_pool
        )
        self.health.add("database", self.database.ready)
        self.loops.append(OutboxRelay(self.database, self.publisher, self.metrics).run)
        self.retention = Retention(self.database)
        self.retention.tasks.append(forget_fired_timers(service))
        self.loops.append(self.retention.run)
        self.loops.append(self.database.end_frozen)
        self.apply: Apply | None = None
        self.sweeper: TimerSweeper | None = None
        self.progress: ReadProgress | None = None
        self.dispatcher: Dispatcher[Any] | None = None

    def consume_inbox(
        self,
        topics: Sequence[TopicSpec],
        apply: Apply,
        *,
        max_records: int = 500,
        batches_ahead: int = 0,
        first: First | None = None,
        quick: Mapping[TopicSpec, Quick] | None = None,
    ) -> BatchConsumer:
        """Read `topics`, at most `max_records` a transaction; `apply` sees each event id once.

        So many batches more are fetched at once when they wait: each is decoded beside the transaction
        of the one before it. Of a backlog, what is `first` goes before the rest; batches ahead would
        make it wait for them. `quick` reads the plainest messages of a topic.
        """
        self.apply = apply
        self.retention.tasks.append(forget_inbox(self.service, topics))
        worker = InboxWorker(
            self.database,
            f"fenghuo-{self.service}",
            apply,
            self.dead_letters,
            self.metrics,
            piece=max_records,
            first=first,
            quick={spec.name: read for spec, read in (quick or {}).items()},
        )
        batches = 1 + batches_ahead
        self.progress = consumer = self.consume(
            topics,
            worker,
            max_records=max_records * batches,
            fetch_batches=batches,
            overtaking=worker if first is not None else None,
        )
        return consumer

    def include(
        self,
        unit_of_work: Callable[[Transaction], Unit],
        *routers: Router[Unit],
        order: Order | None = None,
        max_records: int = 500,
        batches_ahead: int = 0,
        first: First | None = None,
        quick: Mapping[TopicSpec, Quick] | None = None,
    ) -> BatchConsumer:
        """Let the handlers of these routers handle their topics and fire their timers.

        Each transaction has one unit of work; see `consume_inbox` for the other arguments.
        """
        self.dispatcher = dispatcher = Dispatcher(unit_of_work, routers, order=order)
        if dispatcher.timer_kinds:
            self.sweep(dispatcher.lock, dispatcher.fire)
        return self.consume_inbox(
            dispatcher.topics,
            dispatcher.apply,
            max_records=max_records,
            batches_ahead=batches_ahead,
            first=first,
            quick=quick,
        )

    def caught_up(self, topic: TopicSpec, moment: datetime) -> bool:
        """Return whether this process has handled all records of `topic` that Kafka took before
        `moment`; False before it reads its inbox."""
        return self.progress is not None and self.progress.caught_up(topic.name, moment)

    def sweep(self, lock: Lock, fire: Fire) -> TimerSweeper:
        """Fire this service's durable timers."""
        self.sweeper = TimerSweeper(self.database, lock, fire, self.metrics)
        self.loops.append(self.sweeper.run)
        return self.sweeper

    async def start(self, stack: AsyncExitStack) -> None:
        """Postgres first, then as every Platform."""
        await self.database.start(self.settings.start_patience_s)
        stack.push_async_callback(self.database.stop)
        await super().start(stack)
        settle_garbage()


def settle_garbage() -> None:
    """Never look through what lives now for garbage again; call when the tables are loaded.

    Looking through a city's units with every few hundred messages took as long as handling them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
