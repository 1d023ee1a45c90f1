"""A Platform with state in Postgres: inbox, outbox, timers, retention.

This is a module of its own, so that a service without a database does not load the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from shared.contracts.topics import TopicSpec
from shared.runtime.clean_up import push_stop
from shared.runtime.clock import Clock
from shared.runtime.database import Database, Transaction
from shared.runtime.end_offsets import EndOffsets
from shared.runtime.garbage import collect_garbage, settle_garbage
from shared.runtime.handlers import Dispatcher, Order, Router, Unit
from shared.runtime.inbound_messages import Apply, FastDecoder, PriorityRule
from shared.runtime.inbox import InboxWorker
from shared.runtime.outbox import OutboxRelay
from shared.runtime.outbox_trouble import TroubledPartitions
from shared.runtime.partition_consumer import PartitionConsumer
from shared.runtime.platform import Platform
from shared.runtime.read_progress import ReadProgress
from shared.runtime.retention import (
    Retention,
    RetentionTask,
    fired_timer_retention,
    inbox_retention,
)
from shared.runtime.settings import DatabaseSettings
from shared.runtime.timers import TimerSweeper


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
        troubled = TroubledPartitions(self.database, self.publisher, self.metrics)
        relay = OutboxRelay(self.database, self.publisher, troubled)
        self.run_in_background("outbox relay", relay.run)
        self.run_in_background("outbox of partitions in trouble", troubled.run)
        self.run_in_background("outbox figures", troubled.measure)
        self.retention = Retention(self.database)
        self.delete_when_old(fired_timer_retention(service))
        self.run_in_background("retention", self.retention.run)
        self.run_in_background("end frozen sessions", self.database.end_frozen_sessions)
        self.run_in_background("garbage", collect_garbage)
        self.apply: Apply | None = None
        self.sweeper: TimerSweeper | None = None
        self.dispatcher: Dispatcher[Any] | None = None

    def include(
        self,
        unit_of_work: Callable[[Transaction], Unit],
        *routers: Router[Unit],
        order: Order | None = None,
        max_records: int = 500,
        prefetch_batches: int = 0,
        priority: PriorityRule | None = None,
        fast_decoders: Mapping[TopicSpec, FastDecoder] | None = None,
        canary: bool = True,
    ) -> PartitionConsumer:
        """Let the handlers of these routers handle their topics and fire their timers.

        Each transaction has one unit of work and at most `max_records` records. `prefetch_batches`:
        so many batches more are fetched at once when they wait, and each is decoded beside the
        transaction before it. `priority`: these messages of a backlog go first; prefetched batches
        would make them wait. `fast_decoders` decode the simplest messages of a topic.
        Without `canary` no handler gets the messages of the canary, and they leave no row.
        """
        self.dispatcher = dispatcher = Dispatcher(unit_of_work, routers, order=order, canary=canary)
        self.apply = dispatcher.apply
        self.delete_when_old(*inbox_retention(self.service, dispatcher.topics))
        worker = InboxWorker(
            self.database,
            f"fenghuo-{self.service}",
            dispatcher.apply,
            self.dead_letters,
            self.metrics,
            max_records=max_records,
            priority=priority,
            fast_decoders={spec.name: decoder for spec, decoder in (fast_decoders or {}).items()},
        )
        batches = 1 + prefetch_batches
        consumer = self.consume(
            dispatcher.topics,
            worker,
            max_records=max_records * batches,
            fetch_batches=batches,
            priority_worker=worker if priority is not None else None,
        )
        if dispatcher.timer_kinds:
            self._sweep_timers(dispatcher, consumer)
        return consumer

    def _sweep_timers(self, dispatcher: Dispatcher[Any], consumer: PartitionConsumer) -> None:
        """Fire timers, each when everything from before its moment is handled."""
        ends = EndOffsets(consumer.log_client, dispatcher.topics)
        progress = ReadProgress(
            f"fenghuo-{self.service}", ends, lambda: consumer.next_offsets, self.metrics
        )
        self.health.add("timers", progress.ready)
        self.on_stop("read progress", progress.stop)
        self.sweeper = TimerSweeper(
            self.database, dispatcher.lock, dispatcher.fire, self.metrics, progress
        )
        self.run_in_background("timer sweeper", self.sweeper.run)

    def delete_when_old(self, *tasks: RetentionTask) -> None:
        """Delete old rows of this service by these tasks."""
        self.retention.add(*tasks)

    async def start(self, stack: AsyncExitStack) -> None:
        """Connect to Postgres, then as every Platform."""
        await self.database.start(self.settings.start_patience_s)
        push_stop(stack, "database", self.database.stop)
        await super().start(stack)
        settle_garbage()
