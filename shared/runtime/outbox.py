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
from aiokafka import AIOKafkaProducer

from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.publisher import Outgoing, Publisher, Sending

log = structlog.get_logger("fenghuo.outbox")

_BATCH = 2_000
_BATCHES = 20
"""Batches in one transaction."""
_UNDER_WAY = 2
"""Batches that one producer has been handed, one after the other, and Kafka has not confirmed."""
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

        While Kafka takes one batch the next is read and handed over. Those before one that fails are
        deleted for good, those behind it stay, taken or not; raises Transient then.
        """
        failure: Transient | None = None
        producer = self._publisher.present
        async with self._database.transaction() as work:
            # What could not be deleted afterwards would be published again and again.
            if not await work.connection.fetchval(
                f"WITH trial AS (DELETE FROM {work.schema}.outbox WHERE false) "  # noqa: S608
                "SELECT pg_try_advisory_xact_lock($1, hashtext($2))",
                _LOCK_ID,
                work.schema,
            ):
                return False
            cursor = await work.connection.cursor(
                f"SELECT seq, topic, key, value FROM {work.schema}.outbox "  # noqa: S608
                "ORDER BY seq LIMIT $1",
                _BATCH * _BATCHES,
            )
            rows: Sequence[Any] = await cursor.fetch(_BATCH)
            result = len(rows)
            under_way: deque[tuple[Sequence[Any], Sending]] = deque()
            while rows or under_way:
                if rows and len(under_way) < _UNDER_WAY:
                    self._metrics.outbox.set(len(rows))
                    try:
                        under_way.append((rows, await self._begin(producer, rows)))
                    except Transient as error:
                        failure, rows = error, ()
                    else:
                        rows = await cursor.fetch(_BATCH)
                        result += len(rows)
                    continue
                sent, sending = under_way.popleft()
                try:
                    await work.wait_for(self._publisher.arrived(sending))
                except Transient as error:
                    failure = failure or error
                    break
                await _delete(work, sent)
        if failure is not None:
            raise failure
        self._metrics.outbox.set(0)
        return result == _BATCH * _BATCHES

    async def _begin(self, producer: AIOKafkaProducer, rows: Sequence[Any]) -> Sending:
        await self._database.right_of_way.free()
        return await self._publisher.begin(
            producer,
            [Outgoing(row["topic"], row["key"].encode(), row["value"]) for row in rows],
        )


async def _delete(work: Transaction, rows: Sequence[Any]) -> None:
    if rows:
        await work.connection.execute(
            f"DELETE FROM {work.schema}.outbox WHERE seq = ANY($1::bigint[])",  # noqa: S608
            [row["seq"] for row in rows],
        )
