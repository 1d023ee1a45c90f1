"""The outbox relay: rows that are committed with their state, published in order, then deleted.

A row in the table has not been sent; the relay never asks for `seq > last`, since rows that commit
late would be lost. A crash between publishing and deleting publishes again; readers drop the repeat
by its id. One relay per service works at a time (advisory lock), so the rows of an aggregate are in
its partition in their order.
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
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.publisher import PendingRecords, Publisher

log = structlog.get_logger("fenghuo.outbox")

_BATCH = 2_000
_BATCHES = 20
"""The number of batches in one transaction."""
_UNDER_WAY = 2
"""The number of batches that the producer has taken and Kafka has not confirmed."""
_POLL_S = 0.25
_LOCK_ID = 0x0F
"""The first key of the advisory lock; the second is the schema's hash."""


class OutboxRelay:
    """Publishes the outbox of one service."""

    def __init__(self, database: Database, publisher: Publisher, metrics: RuntimeMetrics) -> None:
        self._database = database
        self._publisher = publisher
        self._metrics = metrics

    async def run(self) -> None:
        """Publish for ever: as soon as a message is committed, at the latest every 250 ms."""
        delay = 0.1
        while True:
            try:
                self._database.outbox_event.clear()
                while await self.publish_waiting():
                    pass
                delay = 0.1
            except Transient as error:
                log.warning("outbox_retry", error=str(error))
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)
            try:
                async with asyncio.timeout(_POLL_S):
                    await self._database.outbox_event.wait()
            except TimeoutError:
                pass

    async def publish_waiting(self) -> bool:
        """Publish several batches of rows; return whether there may be more.

        While Kafka takes one batch the next is read and appended. Rows before a batch that fails
        are deleted; rows after it stay, sent or not, and Transient is raised.
        """
        failure: Transient | None = None
        producer = self._publisher.producer
        async with self._database.transaction() as transaction:
            schema = transaction.schema
            # A row that cannot be deleted afterwards would be published again and again.
            if not await transaction.connection.fetchval(
                f"WITH trial AS (DELETE FROM {schema}.outbox WHERE false) "  # noqa: S608
                "SELECT pg_try_advisory_xact_lock($1, hashtext($2))",
                _LOCK_ID,
                schema,
            ):
                return False
            cursor = await transaction.connection.cursor(
                f"SELECT seq, topic, key, value FROM {schema}.outbox "  # noqa: S608
                "ORDER BY seq LIMIT $1",
                _BATCH * _BATCHES,
            )
            rows: Sequence[Any] = await cursor.fetch(_BATCH)
            row_count = len(rows)
            under_way: deque[tuple[Sequence[Any], PendingRecords]] = deque()
            while rows or under_way:
                if rows and len(under_way) < _UNDER_WAY:
                    self._metrics.outbox.set(len(rows))
                    try:
                        under_way.append((rows, await self._begin(producer, rows)))
                    except Transient as error:
                        failure, rows = error, ()
                    else:
                        rows = await cursor.fetch(_BATCH)
                        row_count += len(rows)
                    continue
                pending_rows, pending = under_way.popleft()
                try:
                    await transaction.wait_for(self._publisher.confirm(pending))
                except Transient as error:
                    failure = failure or error
                    break
                await _delete(transaction, pending_rows)
        if failure is not None:
            raise failure
        self._metrics.outbox.set(0)
        return row_count == _BATCH * _BATCHES

    async def _begin(self, producer: AIOKafkaProducer, rows: Sequence[Any]) -> PendingRecords:
        await self._database.loop_priority.wait_until_free()
        return await self._publisher.begin(
            producer,
            [OutboundRecord(row["topic"], row["key"].encode(), row["value"]) for row in rows],
        )


async def _delete(transaction: Transaction, rows: Sequence[Any]) -> None:
    if rows:
        await transaction.connection.execute(
            f"DELETE FROM {transaction.schema}.outbox WHERE seq = ANY($1::bigint[])",  # noqa: S608
            [row["seq"] for row in rows],
        )
