"""A service as its own `build(settings)` makes it, driven by hand on a real Postgres, without
Kafka.

The driver stands where Kafka and the sweep loop would: it hands messages to the handlers in one
transaction, fires due timers, and reads back from the outbox the records that were published.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from shared.contracts.topics import TOPICS, TopicSpec
from shared.runtime.database import Transaction
from shared.runtime.inbox import Incoming
from shared.runtime.settings import S
from shared.runtime.stateful import StatefulPlatform


class NothingUnread:
    """The progress of a service that has handled every record."""

    def caught_up(self, topic: str, moment: datetime) -> bool:
        """Return True."""
        return True


class ServiceDriver:
    """Drives one service; the application is built, and only its database is connected."""

    def __init__(self, platform: StatefulPlatform) -> None:
        platform.progress = NothingUnread()
        self.platform = platform
        self.database = platform.database
        self._offsets = itertools.count()

    async def deliver(self, *messages: tuple[TopicSpec, Any]) -> list[Any]:
        """Handle these messages in one transaction and return what it published, decoded.

        Raises Reject as the handlers do; the transaction is rolled back then.
        """
        last = await self._last()
        async with self.database.transaction() as transaction:
            await self.handle(transaction, messages)
        return await self.published(last)

    async def handle(
        self, transaction: Transaction, messages: Sequence[tuple[TopicSpec, Any]]
    ) -> None:
        """Handle these messages inside a transaction that the caller owns."""
        assert self.platform.apply is not None, "the service has no handlers"
        batch = [
            Incoming(message, spec.name, 0, next(self._offsets), 0) for spec, message in messages
        ]
        await self.platform.apply(transaction, batch)
        await transaction.flush()

    async def fire_timers(self) -> list[Any]:
        """Fire the timers that are due and return what that published, decoded."""
        assert self.platform.sweeper is not None, "the service has no timers"
        last = await self._last()
        await self.platform.sweeper.sweep()
        return await self.published(last)

    async def published(self, after: int = 0) -> list[Any]:
        """Return the records of the outbox behind a sequence number, in order, decoded."""
        rows = await self.database.pool.fetch(
            f"SELECT topic, value FROM {self.database.schema}.outbox WHERE seq > $1 ORDER BY seq",
            after,
        )
        return [TOPICS[row["topic"]].model.validate_json(row["value"]) for row in rows]

    async def value(self, query: str, *values: Any) -> Any:
        """Return the first value of a query."""
        return await self.database.pool.fetchval(query, *values)

    async def _last(self) -> int:
        query = f"SELECT coalesce(max(seq), 0) FROM {self.database.schema}.outbox"
        return int(await self.value(query))


@asynccontextmanager
async def driven(
    build: Callable[[S], Any], settings_type: type[S], dsn: str, **settings: Any
) -> AsyncIterator[ServiceDriver]:
    """Build a service on the database at `dsn` and connect that alone."""
    values = {"kafka_bootstrap": "127.0.0.1:1", "http_port": 1, "database_url": dsn, **settings}
    platform = build(settings_type.model_validate(values)).platform
    await platform.database.start(10)
    try:
        yield ServiceDriver(platform)
    finally:
        await platform.database.stop()
