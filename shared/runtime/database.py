"""Postgres: one pool per process, one transaction per unit of work, two kinds of failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import structlog

from shared.contracts.fields import Contract
from shared.contracts.topics import TopicSpec
from shared.runtime.errors import (
    ENVIRONMENT_ERRORS,
    Reject,
    SetupError,
    StatementTimeout,
    Transient,
    Unsendable,
)
from shared.runtime.loop_priority import LoopPriority
from shared.runtime.outbound_records import encode, partition_of

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

log = structlog.get_logger("fenghuo.database")
T = TypeVar("T")

CLIENT_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""All that asyncpg raises. They have no common base class.

InternalClientError is what a session raises that has received the server's FATAL, but not yet its
end of connection (asyncpg #784, #1069).
"""

_DATA_ERRORS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""Errors about a record's own data (classes 22 and 23). No other error is the fault of a record."""


def is_environment(error: BaseException) -> bool:
    """Return whether the environment caused an error: the same work may succeed later, unchanged.

    Postgres may refuse for many such reasons: memory or space is short, the database is read-only,
    a table, column or right is missing, an index is broken. Only an error about data is no such
    error.
    """
    if isinstance(error, asyncpg.PostgresError):
        return not isinstance(error, _DATA_ERRORS)
    if isinstance(error, BaseExceptionGroup):
        return any(map(is_environment, error.exceptions))
    if isinstance(error, asyncpg.InterfaceError):
        return any(text in str(error) for text in _LOST_SESSION)
    return isinstance(error, (asyncpg.InternalClientError, *ENVIRONMENT_ERRORS))


_LOST_SESSION = (
    "connection is closed",
    "connection has been released",
    "pool is clos",
    "operation is cancelling",
)
"""Texts of asyncpg about a session that is over. Its other InterfaceErrors are bugs of ours."""
_TIMEOUTS = (TimeoutError, asyncpg.QueryCanceledError)
"""The time limit of a statement, as the client and as the server tells of it."""


_REFUSALS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)
"""Errors at start that do not end by waiting."""


_COMMAND_S = 20
_ACQUIRE_S = 5
_FROZEN_S = 15
_LOOK_S = 3.0
_KEEP_ALIVE_S = 4.0


def session_settings(name: str) -> dict[str, str]:
    """Return the settings of every session: locks of a frozen process are free again after 20 s.

    The server ends a transaction after 15 idle seconds, gives up a statement when the client does,
    and notices a vanished machine of the client. `Database.end_frozen_sessions` does the rest.
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


OutboxRow = tuple[str, str, int, str, bytes | None]
"""Event id, topic, partition, key, wire form (None: a tombstone)."""
_RECORD_OVERHEAD = 1_024
"""The most bytes of a record beside key and value: its batch's head, its own, its headers."""
_COPY_THRESHOLD = 50
"""From so many rows on, COPY is faster than parameters of a statement."""


@dataclass(slots=True)
class Transaction:
    """One Postgres transaction: state, outbox rows and timers change together or not at all.

    `now` is the database's time of the transaction: the only clock for deadlines. A message too
    large for its topic raises Unsendable when queued: the relay could never send the message.
    """

    connection: PoolConnectionProxy
    schema: str
    now: datetime
    loop_priority: LoopPriority = field(default_factory=LoopPriority)
    outbox: list[OutboxRow] = field(default_factory=list)
    published: bool = False
    after_commit: set[asyncio.Event] = field(default_factory=set)
    """Events that are set when the transaction has committed."""
    refused: list[tuple[Any, Reject]] = field(default_factory=list)
    _encoded: list[OutboxRow] = field(default_factory=list)

    def refuse(self, message: Any, reject: Reject) -> None:
        """Refuse an inbound message: nothing was changed for it, and the others are handled."""
        self.refused.append((message, reject))

    def publish(self, spec: TopicSpec, key: str, message: Contract, event_id: str) -> None:
        """Queue a message for the outbox, which sends after the commit, once per `event_id`."""
        self.outbox.append(_row(spec, key, event_id, encode(message)))
        self.published = True

    def publish_deletion(self, spec: TopicSpec, key: str, event_id: str) -> None:
        """Queue a tombstone: the entry of `key` is deleted from a compacted topic.

        It leaves in its order among the messages of `publish`, once per `event_id`.
        """
        if spec.cleanup != "compact":
            raise ValueError(f"{spec.name} is not compacted: no key of it can be deleted")
        self.outbox.append(_row(spec, key, event_id, None))
        self.published = True

    def publish_encoded(self, spec: TopicSpec, key: str, event_id: str, value: bytes) -> None:
        """Queue the wire form of an event of this transaction.

        Such events leave in their order, before the messages of `publish`; use one of the two
        methods for one key.
        """
        self._encoded.append(_row(spec, key, event_id, value))
        self.published = True

    async def publish_new(self, spec: TopicSpec, rows: Iterable[tuple[str, str, bytes]]) -> None:
        """Queue (key, event id, wire form) of many messages by COPY, after the queued messages.

        The transaction has to create these events: an id already in the outbox is an error.
        """
        await self.flush()
        self.published = True
        await self._copy(_row(spec, key, event_id, value) for key, event_id, value in rows)

    async def refresh_clock(self) -> None:
        """Set `now` to the present: the transaction has waited for its turn since it began."""
        self.now = await self.connection.fetchval("SELECT statement_timestamp()")

    async def wait_for(self, result: Awaitable[T]) -> T:
        """Wait for something other than Postgres; the session stays alive meanwhile."""
        task = asyncio.ensure_future(result)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=_KEEP_ALIVE_S)
                if not task.done():
                    await self.connection.execute("SELECT 1")
            return await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def flush(self) -> None:
        """Write the queued messages as outbox rows, in their order."""
        await self.flush_encoded()
        rows, self.outbox, self._encoded = [*self._encoded, *self.outbox], [], []
        if rows:
            await self.connection.execute(
                f"INSERT INTO {self.schema}.outbox (event_id, topic, part, key, value) "  # noqa: S608
                "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::bytea[]) "
                "ON CONFLICT (event_id) DO NOTHING",
                *(list(column) for column in zip(*rows, strict=True)),
            )

    async def flush_encoded(self) -> None:
        """Write the messages of `publish_encoded` that are queued now, unless they are few."""
        if len(self._encoded) >= _COPY_THRESHOLD:
            rows, self._encoded = self._encoded, []
            await self._copy(rows)

    async def _copy(self, rows: Iterable[OutboxRow]) -> None:
        await self.connection.copy_records_to_table(
            "outbox",
            schema_name=self.schema,
            columns=("event_id", "topic", "part", "key", "value"),
            records=rows,
        )


def _row(spec: TopicSpec, key: str, event_id: str, value: bytes | None) -> OutboxRow:
    """Return the row of a message or tombstone; raises Unsendable where it is too large for its
    topic.
    """
    size = len(value or b"")
    if size > spec.max_bytes - _RECORD_OVERHEAD - 4 * len(key):
        raise Unsendable(f"{size} bytes of {key[:96]} are more than {spec.name} takes")
    return event_id, spec.name, partition_of(key.encode(), spec.partitions), key, value


class Database:
    """The pool of one service over its own schema."""

    def __init__(self, dsn: str, schema: str, size: int = 6) -> None:
        self._dsn = dsn
        self.schema = schema
        self._size = size
        self._pool: asyncpg.Pool | None = None
        self._turns = asyncio.Semaphore(size)
        self._failing: str | None = None
        self.loop_priority = LoopPriority()
        self.commit_event = asyncio.Event()
        # Not the event above: the relay's own transactions must not wake the relay.
        self.outbox_event = asyncio.Event()

    @property
    def pool(self) -> asyncpg.Pool:
        """The pool; there is one only between start and stop."""
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
                except _REFUSALS:
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
            "Postgres does not let us in: check that it runs "
            "and that FENGHUO_DATABASE_URL is right."
        )

    async def stop(self) -> None:
        """Close the pool."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 5)
            except TimeoutError:
                self._pool.terminate()

    def ready(self) -> str | None:
        """Return None while Postgres works, else the reason for /readyz."""
        return self._failing

    async def end_frozen_sessions(self) -> None:
        """Background loop: end sessions whose process froze during a COPY or the rows of an answer.

        Postgres waits for such a process without limit: none of its own time-outs applies.
        """
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                async with self.connection() as connection:
                    ended = await connection.fetch(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND usename = current_user "
                        "AND application_name = current_setting('application_name') "
                        "AND state = 'active' AND wait_event IN ('ClientRead', 'ClientWrite') "
                        "AND query_start < now() - $1::interval",
                        timedelta(seconds=_FROZEN_S),
                    )
            except Exception as error:
                if not is_environment(error):
                    raise
                log.warning("end_frozen_retry", error=str(error))
                continue
            if ended:
                log.error("frozen_sessions_ended", count=len(ended))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PoolConnectionProxy]:
        """Lend a connection, first come, first served.

        Raises TimeoutError when the caller's turn, or then the connection, takes more than 5 s. The
        queue of asyncpg's pool alone lets later callers overtake one that waits, without limit.
        """
        async with asyncio.timeout(_ACQUIRE_S):
            await self._turns.acquire()
        try:
            async with self.pool.acquire(timeout=_ACQUIRE_S) as connection:
                yield connection
        finally:
            self._turns.release()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a read-committed transaction; raises Transient where it may be tried again."""
        transaction = None
        try:
            async with self.connection() as connection, connection.transaction():
                now = await connection.fetchval("SELECT now()")
                transaction = Transaction(connection, self.schema, now, self.loop_priority)
                yield transaction
                await transaction.flush()
        except Exception as error:
            if not is_environment(error):
                raise
            self._failing = f"Postgres fails: {type(error).__name__}: {str(error)[:200]}"
            overlong = transaction is not None and isinstance(error, _TIMEOUTS)
            raise (StatementTimeout if overlong else Transient)(self._failing) from error
        self._failing = None
        for event in (self.commit_event, *transaction.after_commit):
            event.set()
        if transaction.published:
            self.outbox_event.set()
