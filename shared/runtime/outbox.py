"""The outbox relay: rows committed with the state they tell of, published in order, then marked.

`published_at IS NULL`, never `id > last`: rows that commit late would be lost. A crash between
publish and mark publishes again; readers drop the repeat by its id. One relay per service at a time
(advisory lock), so the order of an aggregate's rows is the order in its partition.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from shared.runtime.database import Database
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.publisher import Outgoing, Publisher

log = structlog.get_logger("fenghuo.outbox")

_BATCH = 2_000
_POLL_S = 0.25
_KEEP = "1 hour"
_LOCK_ID = 0x0F
"""First key of the advisory lock; the second is the schema's hash."""


class OutboxRelay:
    """Publishes the outbox of one service."""

    def __init__(self, database: Database, publisher: Publisher, metrics: RuntimeMetrics) -> None:
        self._database = database
        self._publisher = publisher
        self._metrics = metrics
        self._pruned_at = time.monotonic()

    async def run(self) -> None:
        """Background loop: as soon as a message was committed, at the latest every 250 ms."""
        delay = 0.1
        while True:
            try:
                self._database.outgoing.clear()
                while await self._round() == _BATCH:
                    pass
                await self._prune()
                delay = 0.1
            except Transient as error:
                log.warning("outbox_retry", error=str(error))
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)
            try:
                async with asyncio.timeout(_POLL_S):
                    await self._database.outgoing.wait()
            except TimeoutError:
                pass

    async def _round(self) -> int:
        schema = self._database.schema
        async with self._database.transaction() as work:
            mine = await work.connection.fetchval(
                "SELECT pg_try_advisory_xact_lock($1, hashtext($2))", _LOCK_ID, schema
            )
            if not mine:
                return 0
            rows = await work.connection.fetch(
                f"SELECT seq, topic, key, value FROM {schema}.outbox "  # noqa: S608
                "WHERE published_at IS NULL ORDER BY seq LIMIT $1",
                _BATCH,
            )
            if not rows:
                self._metrics.outbox.set(0)
                return 0
            await self._publisher.send(
                [Outgoing(row["topic"], row["key"].encode(), row["value"]) for row in rows]
            )
            await work.connection.execute(
                f"UPDATE {schema}.outbox SET published_at = now() "  # noqa: S608
                "WHERE seq = ANY($1::bigint[])",
                [row["seq"] for row in rows],
            )
        self._metrics.outbox.set(len(rows))
        return len(rows)

    async def _prune(self) -> None:
        if time.monotonic() - self._pruned_at < 60:
            return
        self._pruned_at = time.monotonic()
        async with self._database.transaction() as work:
            await work.connection.execute(
                f"DELETE FROM {work.schema}.outbox "  # noqa: S608
                f"WHERE published_at < now() - interval '{_KEEP}'"
            )
