"""Postgres: one pool per process, one transaction per unit of work, failures sorted in two kinds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from shared.contracts.fields import Contract
from shared.contracts.topics import TopicSpec
from shared.runtime.errors import SetupError, Transient, Unsendable
from shared.runtime.publisher import encode
from shared.runtime.right_of_way import RightOfWay

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

log = structlog.get_logger("fenghuo.database")
T = TypeVar("T")

_OWN_FAULT = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What Postgres says of a record's own data (classes 22 and 23). Nothing else it says is a record's fault."""


def is_environment(error: BaseException) -> bool:
    """Whether an error is that of what surrounds us: the same work may succeed later, as it is.

    So is everything that Postgres refuses, other than the data itself: it lacks memory or space, it may
    only be read, a table, column or right is missing, an index is broken.
    """
    if isinstance(error, asyncpg.PostgresError):
        return not isinstance(error, _OWN_FAULT)
    if isinstance(error, BaseExceptionGroup):
        return any(map(is_environment, error.exceptions))
    # A session that has heard the server's FATAL but not yet its hanging up (asyncpg #784, #1069)
    # raises InternalClientError.
    ours = asyncpg.InterfaceError, asyncpg.InternalClientError, KafkaError, OSError, MemoryError
    return isinstance(error, ours)


_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)
"""Errors at start that waiting does not cure."""


_COMMAND_S = 20
_SIGN_OF_LIFE_S = 4.0


def session_settings(name: str) -> dict[str, str]:
    """Settings of every session: what a frozen or vanished process holds is free again after 20 s.

    The server ends a transaction that says nothing for 15 s, gives up a statement when the client does, and
    finds out by itself that the client's machine is gone. Only a COPY needs `Database.end_frozen`.
    """
    return {
        "application_name": name,
        "idle_in_transaction_session_timeout": "15s",
        "statement_timeout": f"{_COMMAND_S}s",
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "15s",
    }


OutboxRow = tuple[str, str, str, bytes]
"""Event id, topic, key, wire form."""
_AROUND = 1_024
"""Bytes of a record beside key and value, at most: its batch's head, its own, its headers."""
_COPY_FROM = 50
"""So many rows go in faster by COPY than as parameters of a statement."""


@dataclass(slots=True)
class Transaction:
    """One Postgres transaction: state, outbox rows and timers change together or not at all.

    `now` is the database's time of the transaction: the only clock for deadlines. What is queued for the
    outbox raises Unsendable where its topic does not take it: the relay could never get past it.
    """

    connection: PoolConnectionProxy
    schema: str
    now: datetime
    right_of_way: RightOfWay = field(default_factory=RightOfWay)
    outbox: list[OutboxRow] = field(default_factory=list)
    published: bool = False
    _new: list[OutboxRow] = field(default_factory=list)

    def publish(self, spec: TopicSpec, key: str, message: Contract, event_id: str) -> None:
        """Queue a message; it leaves through the outbox after the commit, once per `event_id`."""
        self.outbox.append((event_id, spec.name, key, _fitting(spec, key, encode(message))))
        self.published = True

    def publish_printed(self, spec: TopicSpec, key: str, event_id: str, value: bytes) -> None:
        """Queue the wire form of an event that this transaction brings into being.

        Such events leave in their order, ahead of those of `publish`; one key is written one way.
        """
        self._new.append((event_id, spec.name, key, _fitting(spec, key, value)))
        self.published = True

    async def publish_new(self, spec: TopicSpec, rows: Iterable[tuple[str, str, bytes]]) -> None:
        """Queue (key, event id, wire form) of many messages by COPY, behind what is queued already.

        For events that this transaction brings into being: an id that waits already is an error.
        """
        await self.flush()
        self.published = True
        await self._copy(
            (event_id, spec.name, key, _fitting(spec, key, value)) for key, event_id, value in rows
        )

    async def is_now(self) -> None:
        """Let the time of the transaction be now: it has waited for its turn since it began."""
        self.now = await self.connection.fetchval("SELECT statement_timestamp()")

    async def wait_for(self, other: Awaitable[T]) -> T:
        """Wait for what is not Postgres, with a sign of life to the server every few seconds."""
        task = asyncio.ensure_future(other)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=_SIGN_OF_LIFE_S)
                if not task.done():
                    await self.connection.execute("SELECT 1")
            return await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def flush(self) -> None:
        """Write the queued messages as outbox rows, in the order in which they were queued."""
        await self.flush_printed()
        rows, self.outbox, self._new = [*self._new, *self.outbox], [], []
        if rows:
            await self.connection.execute(
                f"INSERT INTO {self.schema}.outbox (event_id, topic, key, value) "  # noqa: S608
                "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) "
                "ON CONFLICT (event_id) DO NOTHING",
                *(list(column) for column in zip(*rows, strict=True)),
            )

    async def flush_printed(self) -> None:
        """Write those of `publish_printed` that are queued now, unless they are few."""
        if len(self._new) >= _COPY_FROM:
            new, self._new = self._new, []
            await self._copy(new)

    async def _copy(self, rows: Iterable[OutboxRow]) -> None:
        await self.connection.copy_records_to_table(
            "outbox",
            schema_name=self.schema,
            columns=("event_id", "topic", "key", "value"),
            records=rows,
        )


def _fitting(spec: TopicSpec, key: str, value: bytes) -> bytes:
    """The value; raises Unsendable where the topic does not take a record of it."""
    if len(value) > spec.max_bytes - _AROUND - 4 * len(key):
        raise Unsendable(f"{len(value)} bytes of {key[:96]} are more than {spec.name} takes")
    return value


class Database:
    """The pool of one service over its own schema."""

    def __init__(self, dsn: str, schema: str, size: int = 6) -> None:
        self._dsn = dsn
        self.schema = schema
        self._size = size
        self._pool: asyncpg.Pool | None = None
        self._failing: str | None = None
        self.right_of_way = RightOfWay()
        self.committed = asyncio.Event()
        # Apart from `committed`: the relay's own transactions must not wake the relay.
        self.outgoing = asyncio.Event()

    @property
    def pool(self) -> asyncpg.Pool:
        """The pool; only between start and stop."""
        assert self._pool is not None, "the database has not been started"
        return self._pool

    async def start(self, patience_s: float = 60) -> None:
        """Connect, waiting up to `patience_s` for Postgres; raises SetupError."""
        async with asyncio.timeout(patience_s + 10):
            for attempt in range(max(1, int(patience_s * 2))):
                try:
                    self._pool = await asyncpg.create_pool(
                        self._dsn,
                        min_size=1,
                        max_size=self._size,
                        command_timeout=_COMMAND_S,
                        timeout=5,
                        server_settings=session_settings(f"fenghuo-{self.schema}"),
                    )
                except _REFUSED:
                    break
                except Exception as error:
                    if not is_environment(error):
                        raise
                    if attempt % 20 == 0:
                        log.info("waiting_for_postgres", error=type(error).__name__)
                    await asyncio.sleep(0.5)
                else:
                    return
        raise SetupError(
            "Postgres does not let us in: check that it runs and that FENGHUO_DATABASE_URL is right."
        )

    async def stop(self) -> None:
        """Close the pool."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 5)
            except TimeoutError:
                self._pool.terminate()

    def ready(self) -> str | None:
        """For /readyz."""
        return self._failing

    async def end_frozen(self) -> None:
        """Background loop: end sessions of this service whose process froze in the middle of a COPY.

        Postgres waits for the rest of it without limit: none of its own time-outs ends that.
        """
        while True:
            await asyncio.sleep(_COMMAND_S / 4)
            try:
                ended = await self.pool.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND usename = current_user "
                    "AND application_name = current_setting('application_name') "
                    "AND state = 'active' AND wait_event = 'ClientRead' "
                    "AND query_start < now() - $1::interval",
                    timedelta(seconds=_COMMAND_S),
                )
            except Exception as error:
                if not is_environment(error):
                    raise
                log.warning("end_frozen_retry", error=str(error))
                continue
            if ended:
                log.error("frozen_sessions_ended", count=len(ended))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A read-committed transaction; raises Transient where it may be tried again."""
        try:
            async with self.pool.acquire(timeout=5) as connection, connection.transaction():
                now = await connection.fetchval("SELECT now()")
                work = Transaction(connection, self.schema, now, self.right_of_way)
                yield work
                await work.flush()
        except Exception as error:
            if not is_environment(error):
                raise
            self._failing = f"Postgres fails: {type(error).__name__}: {str(error)[:200]}"
            raise Transient(self._failing) from error
        self._failing = None
        self.committed.set()
        if work.published:
            self.outgoing.set()
