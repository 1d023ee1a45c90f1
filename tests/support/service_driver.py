"""A service of `build(settings)`, driven by a test on a real Postgres, without Kafka.

The driver takes the place of Kafka and of the timer loop: the driver passes messages to the
handlers in one transaction, applies records to the tables, fires due timers, and reads the
published records from the outbox.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Any

from shared.contracts.topics import TOPICS, TopicSpec
from shared.runtime.database import Transaction
from shared.runtime.inbound_messages import Apply, InboundMessage
from shared.runtime.settings import S
from shared.runtime.stateful_platform import StatefulPlatform

TopicMessage = tuple[TopicSpec, Any]


class FailedTimerError(AssertionError):
    """A handler of timers has raised an error: the sweeper would set the timer aside."""


class NothingUnread:
    """The progress of a service that has handled every record."""

    async def moment(self, transaction: Transaction, latest: datetime) -> datetime:
        """Return the latest moment."""
        return latest


class ServiceDriver:
    """Drives one service; the application is built, and only its database is connected."""

    def __init__(self, platform: StatefulPlatform) -> None:
        if platform.sweeper is not None:
            platform.sweeper.progress = NothingUnread()
        self.platform = platform
        self.database = platform.database
        self._offsets = itertools.count()

    async def deliver(
        self, *messages: TopicMessage, early: bool = False, accepted_at: datetime | None = None
    ) -> list[Any]:
        """Handle these messages in one transaction and return the published records.

        `early`: the messages go before their turn; `accepted_at` is Kafka's time of the records.
        Raises the Reject of the first refused message; the transaction is rolled back then.
        """
        last = await self._last_seq()
        async with self.database.transaction() as transaction:
            await self.handle(transaction, messages, early=early, accepted_at=accepted_at)
        return await self.published(last)

    async def handle(
        self,
        transaction: Transaction,
        messages: Sequence[TopicMessage],
        *,
        early: bool = False,
        accepted_at: datetime | None = None,
    ) -> None:
        """Handle these messages inside a transaction that the caller owns."""
        assert self.platform.apply is not None, "the service has no handlers"
        accepted_ms = 0 if accepted_at is None else round(accepted_at.timestamp() * 1000)
        batch = [
            InboundMessage(message, spec.name, 0, next(self._offsets), accepted_ms, early)
            for spec, message in messages
        ]
        await apply_all(self.platform.apply, transaction, batch)
        await transaction.flush()

    def load_table(self, spec: TopicSpec, *messages: Any) -> None:
        """Apply these messages to the service's table of a compacted topic."""
        for message in messages:
            self.platform.tables[spec.name].apply(message)

    async def fire_timers(self) -> list[Any]:
        """Sweep once: fire the due timers and return the published records.

        Raises FailedTimerError with the error of a handler, which the sweeper itself only stores.
        """
        assert self.platform.sweeper is not None, "the service has no timers"
        last = await self._last_seq()
        failed = await self._failed_timers()
        await self.platform.sweeper.sweep()
        if new := await self._failed_timers() - failed:
            raise FailedTimerError("; ".join(sorted(new)))
        return await self.published(last)

    async def published(self, last_seq: int = 0) -> list[Any]:
        """Return the records of the outbox after a sequence number, in order, decoded."""
        rows = await self.database.pool.fetch(
            f"SELECT topic, value FROM {self.database.schema}.outbox WHERE seq > $1 ORDER BY seq",
            last_seq,
        )
        return [TOPICS[row["topic"]].model.validate_json(row["value"]) for row in rows]

    async def value(self, query: str, *values: Any) -> Any:
        """Return the first value of a query."""
        return await self.database.pool.fetchval(query, *values)

    async def rows(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        rows: list[Any] = await self.database.pool.fetch(query, *values)
        return rows

    async def _failed_timers(self) -> set[str]:
        rows = await self.rows(
            "SELECT subject_id, kind, rung, error "
            f"FROM {self.database.schema}.timer WHERE state = 'failed'"
        )
        return {" ".join(map(str, row)) for row in rows}

    async def _last_seq(self) -> int:
        query = f"SELECT coalesce(max(seq), 0) FROM {self.database.schema}.outbox"
        return int(await self.value(query))


async def apply_all(
    apply: Apply, transaction: Transaction, batch: Sequence[InboundMessage]
) -> None:
    """Handle messages; raise the Reject of the first one that is refused."""
    await apply(transaction, batch)
    if transaction.refused:
        raise transaction.refused[0][1]


def topic_of(message: Any) -> TopicSpec:
    """Return the topic whose contract the message has; raise ValueError unless there is one."""
    contract: Any = type(message)
    return _topic_of_type(contract)


@cache
def _topic_of_type(contract: Hashable) -> TopicSpec:
    (spec,) = [spec for spec in TOPICS.values() if spec.contract is contract]
    return spec


@asynccontextmanager
async def driven(
    build: Callable[[S], Any], settings_type: type[S], dsn: str, **settings: Any
) -> AsyncIterator[ServiceDriver]:
    """Build a service on the database at `dsn` and connect that alone."""
    values = {"kafka_bootstrap": "127.0.0.1:1", "http_port": 1, "database_url": dsn, **settings}
    application = build(settings_type.model_validate(values))
    platform = getattr(application, "platform", None) or application.state.platform
    await platform.database.start(10)
    try:
        yield ServiceDriver(platform)
    finally:
        await platform.database.stop()
