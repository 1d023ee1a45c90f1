"""The outbox relay: rows committed with the state they tell of, published in order, then deleted.

Whatever is there has not left; never `seq > last`: rows that commit late would be lost. A crash between
publish and commit publishes again; readers drop the repeat by its id. One relay per service at a time
(advisory lock), so the order of an aggregate's rows is the order in its partition.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import structlog

from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.publisher import Outgoing, Publisher

log = structlog.get_logger("fenghuo.outbox")

_BATCH = 2_000
_BATCHES = 20
"""Batches in one transaction."""
_UNDER_WAY = 2
"""Batches that are sent at the same time: a partition gets them in their order, since the producer is idempotent
and what follows a gap is refused."""
_POLL_S = 0.25
_LOCK_ID = 0x0F
"""First key of the advisory lock; the second is the schema's hash."""


class OutboxRelay:
    """Publishes the outbox of one service."""

    def __init__(self, database: Database, publisher: Publisher, metrics: RuntimeMetrics) -> None:
        self._database = database
        self._publisher = publisher
        self._metrics = metrics

    async def run(self) -> None:
        """Background loop: as soon as a message was committed, at the latest every 250 ms."""
        delay = 0.1
        while True:
            try:
                self._database.outgoing.clear()
                while await self.publish_waiting():
                    pass
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

    async def publish_waiting(self) -> bool:
        """Publish what waits, several batches of it; whether there may be more.

        While Kafka takes one batch the next is read and put together. Those before one that fails are
        deleted for good, those behind it stay, taken or not; raises Transient then.
        """
        failure: Transient | None = None
        async with self._database.transaction() as work:
            if not await work.connection.fetchval(
                "SELECT pg_try_advisory_xact_lock($1, hashtext($2))", _LOCK_ID, work.schema
            ):
                return False
            cursor = await work.connection.cursor(
                f"SELECT seq, topic, key, value FROM {work.schema}.outbox "  # noqa: S608
                "ORDER BY seq LIMIT $1",
                _BATCH * _BATCHES,
            )
            rows: Sequence[Any] = await cursor.fetch(_BATCH)
            found = len(rows)
            under_way: deque[tuple[Sequence[Any], asyncio.Task[None]]] = deque()
            try:
                while failure is None and (rows or under_way):
                    if rows and len(under_way) < _UNDER_WAY:
                        self._metrics.outbox.set(len(rows))
                        under_way.append((rows, asyncio.create_task(self._publish(rows))))
                        rows = await cursor.fetch(_BATCH)
                        found += len(rows)
                        continue
                    sent, publishing = under_way.popleft()
                    try:
                        await publishing
                    except Transient as error:
                        failure = error
                    else:
                        await _delete(work, sent)
            finally:
                left = [publishing for _, publishing in under_way]
                if failure is None:
                    for publishing in left:
                        publishing.cancel()
                await asyncio.gather(*left, return_exceptions=True)
        if failure is not None:
            raise failure
        self._metrics.outbox.set(0)
        return found == _BATCH * _BATCHES

    async def _publish(self, rows: Sequence[Any]) -> None:
        await self._publisher.send(
            [Outgoing(row["topic"], row["key"].encode(), row["value"]) for row in rows]
        )


async def _delete(work: Transaction, rows: Sequence[Any]) -> None:
    if rows:
        await work.connection.execute(
            f"DELETE FROM {work.schema}.outbox WHERE seq = ANY($1::bigint[])",  # noqa: S608
            [row["seq"] for row in rows],
        )
