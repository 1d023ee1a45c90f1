"""The notify service on a real Postgres without Kafka."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.notify.channels.port import Tools
from services.notify.channels.webhook import Webhook
from services.notify.consumer import NotifyConsumer
from services.notify.core.budgets import BUDGETS
from services.notify.core.profiles import PROFILES
from services.notify.loops import DeliveryLoop
from services.notify.metrics import NotifyMetrics
from shared.contracts.fields import Post
from shared.contracts.pages import Channel, Page
from shared.contracts.topics import PAGES
from shared.runtime.clock import SystemClock
from shared.runtime.database import Database
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.timers import TimerSweeper
from tests.support.carrier import SECRET, Receiver
from tests.unit.notify.builders import (
    a_slot,
    name_of,
)


class Desk:
    """The service without Kafka: batches by hand, sweeps and delivery rounds when told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.registry = CollectorRegistry()
        self.metrics = NotifyMetrics(self.registry)
        self.consumer = NotifyConsumer(
            PROFILES["demo"], BUDGETS["demo"], frozenset(Channel), self.metrics
        )
        self._sweeper = TimerSweeper(
            database, self.consumer.lock, self.consumer.fire, RuntimeMetrics(CollectorRegistry())
        )
        self._offsets = itertools.count()

    def staff(self, *units: str, channels: tuple[Channel, ...] = (Channel.CONSOLE,)) -> None:
        for unit, post in itertools.product(units, Post):
            self.consumer.roster.put(a_slot(unit, post, name_of(unit, post), channels))

    async def takes(self, *messages: Any) -> list[Page]:
        batch = [InboundMessage(message, "-", 0, next(self._offsets), 0) for message in messages]
        before = await self.value("SELECT coalesce(max(seq), 0) FROM notify.outbox")
        async with self.database.transaction() as work:
            await self.consumer.apply(work, batch)
        return await self.pages(before)

    async def passes(self, seconds: float) -> list[Page]:
        """Let the timers become due by moving them, then sweep."""
        before = await self.value("SELECT coalesce(max(seq), 0) FROM notify.outbox")
        async with self.database.transaction() as work:
            await work.connection.execute(
                "UPDATE notify.timer SET due_at = due_at - $1::interval WHERE state = 'armed'",
                timedelta(seconds=seconds),
            )
        await self._sweeper.sweep()
        return await self.pages(before)

    @asynccontextmanager
    async def sweeping(self) -> AsyncIterator[None]:
        """Timers fire by themselves, as in the service."""
        running = asyncio.create_task(self._sweeper.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def pages(self, after: int = 0) -> list[Page]:
        rows = await self.rows(
            "SELECT value FROM notify.outbox WHERE seq > $1 AND topic = $2 ORDER BY seq",
            after,
            PAGES.name,
        )
        return [Page.model_validate_json(row["value"]) for row in rows]

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.database.transaction() as work:
            return list(await work.connection.fetch(query, *values))

    async def value(self, query: str, *values: Any) -> Any:
        return (await self.rows(query, *values))[0][0]

    async def unguarded(self) -> int:
        """Open ladders that do not have exactly one armed answer timer."""
        return int(
            await self.value(
                "SELECT count(*) FROM notify.ladder AS l WHERE l.state = 'open' AND 1 <> "
                "(SELECT count(*) FROM notify.timer AS t WHERE t.subject_id = l.ladder_id "
                "AND t.kind = 'answer' AND t.state = 'armed')"
            )
        )

    def sender(self, receiver: Receiver, lease_s: float = 20) -> DeliveryLoop:
        tools = Tools(SystemClock(), timeout_s=1.0)
        webhook = Webhook(receiver.url, SecretStr(SECRET), tools)
        lease, channels = timedelta(seconds=lease_s), [Channel.WEBHOOK]
        return DeliveryLoop(self.database, channels, webhook, self.consumer, self.metrics, lease)

    async def hurry(self) -> None:
        """Make waiting deliveries due and running leases expire."""
        async with self.database.transaction() as work:
            await work.connection.execute(
                "UPDATE notify.delivery SET next_at = now(), "
                "lease_until = least(lease_until, now() - interval '1 second')"
            )


@asynccontextmanager
async def a_service_on(dsn: str) -> AsyncIterator[Desk]:
    """The service on an emptied database."""
    database = Database(dsn, "notify")
    await database.start(10)
    async with database.transaction() as work:
        await work.connection.execute(
            "TRUNCATE notify.ladder, notify.page, notify.delivery, notify.digest, notify.alert, "
            "notify.assignment, notify.duty_gap, notify.reachability, notify.timer, notify.outbox"
        )
    try:
        yield Desk(database)
    finally:
        await database.stop()
