"""The outbox relay: rows that are committed with their state, published in order, then deleted.

A row in the table has not been sent; the relay never asks for `seq > last`, since rows that commit
late would be lost. A crash between publishing and deleting publishes again; readers drop the repeat
by id. One relay per service works at a time (advisory lock): the rows of an aggregate keep their
order in the partition.

Rows that a partition does not take in time wait apart (shared/runtime/outbox_trouble.py): the relay
goes on with the rows of all other partitions.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition

from shared.runtime.database import Database
from shared.runtime.errors import TopicUnavailable, Transient, Unconfirmed, Unsendable
from shared.runtime.outbox_rows import COLUMNS, delete_rows, lock, outbound, partition_of_row
from shared.runtime.outbox_trouble import TroubledPartitions
from shared.runtime.publisher import PendingRecords, Publisher

log = structlog.get_logger("fenghuo.outbox")

_BATCH = 2_000
_BATCH_BYTES = 4 * 1_048_576
"""A batch of large rows has fewer: Kafka has two seconds for it."""
_BATCHES = 20
"""The number of batches in one transaction."""
_UNDER_WAY = 2
"""The number of batches that the producer has taken and Kafka has not confirmed."""
_CONFIRM_S = 2.0
"""After so long without a confirmation a partition is in trouble."""
_POLL_S = 1.0
"""The longest wait for rows that another process has left; own rows wake the relay."""


_OF_ONE_PARTITION = (Unconfirmed, TopicUnavailable, Unsendable)


class _PartitionRows(NamedTuple):
    partition: TopicPartition
    rows: Sequence[Any]
    pending: PendingRecords


class OutboxRelay:
    """Publishes the outbox of one service."""

    def __init__(
        self, database: Database, publisher: Publisher, troubled: TroubledPartitions
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._troubled = troubled
        self._batch = _BATCH

    async def run(self) -> None:
        """Publish for ever: as soon as a message is committed, at the latest every second."""
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

        While Kafka takes one batch the next is read and appended. The rows of a partition before a
        batch that fails are deleted; rows after it stay, sent or not. Raises Transient when a
        failure concerns all partitions, such as a new producer.
        """
        failures: dict[TopicPartition, Exception] = {}
        unconfirmed: set[TopicPartition] = set()
        producer = self._publisher.producer
        async with self._database.transaction() as transaction:
            if not await lock(transaction, transaction.schema):
                return False
            cursor = await transaction.connection.cursor(
                f"SELECT {COLUMNS} FROM {transaction.schema}.outbox "  # noqa: S608
                "WHERE quarantined_at IS NULL AND topic || ':' || part <> ALL($2::text[]) "
                "ORDER BY seq LIMIT $1",
                _BATCH * _BATCHES,
                [f"{topic}:{number}" for topic, number in self._troubled.partitions],
            )
            rows: Sequence[Any] = await cursor.fetch(self._batch)
            row_count = len(rows)
            under_way: deque[list[_PartitionRows]] = deque()
            while rows or under_way:
                if rows and len(under_way) < _UNDER_WAY:
                    batch = await self._begin(producer, rows, failures)
                    under_way.append(batch)
                    self._batch = _batch_like(rows)
                    rows = await cursor.fetch(self._batch) if batch else ()
                    row_count += len(rows)
                    continue
                batch = under_way.popleft()
                waiting = [part for part in batch if part.partition not in unconfirmed]
                outcomes = await transaction.wait_for(self._confirm(waiting))
                for part, error in zip(waiting, outcomes, strict=True):
                    if error is None:
                        await delete_rows(transaction, part.rows)
                    else:
                        unconfirmed.add(part.partition)
                        failures.setdefault(part.partition, error)
        general = None
        for partition, error in failures.items():
            if isinstance(error, _OF_ONE_PARTITION):
                self._troubled.add(partition, error)
            else:
                general = error
        if general is not None:
            raise general
        return bool(failures) or row_count == _BATCH * _BATCHES

    async def _begin(
        self,
        producer: AIOKafkaProducer,
        rows: Sequence[Any],
        failures: dict[TopicPartition, Exception],
    ) -> list[_PartitionRows]:
        """Append the rows of each partition that has not failed; add the failures of this step."""
        await self._database.loop_priority.wait_until_free()
        by_partition: defaultdict[TopicPartition, list[Any]] = defaultdict(list)
        for row in rows:
            partition = partition_of_row(row)
            if partition not in failures:
                by_partition[partition].append(row)
        outcomes = await asyncio.gather(
            *(
                self._publisher.begin(producer, list(map(outbound, own_rows)), _CONFIRM_S)
                for own_rows in by_partition.values()
            ),
            return_exceptions=True,
        )
        batch = []
        for (partition, own_rows), pending in zip(by_partition.items(), outcomes, strict=True):
            if isinstance(pending, BaseException):
                failures[partition] = _checked(pending)
            else:
                batch.append(_PartitionRows(partition, own_rows, pending))
        return batch

    async def _confirm(self, batch: Sequence[_PartitionRows]) -> list[Exception | None]:
        """Wait until Kafka has the rows of each partition; return the errors."""
        outcomes = await asyncio.gather(
            *(self._publisher.confirm(part.pending, _CONFIRM_S) for part in batch),
            return_exceptions=True,
        )
        return [None if outcome is None else _checked(outcome) for outcome in outcomes]


def _batch_like(rows: Sequence[Any]) -> int:
    """Return how many rows of the size of these rows make a batch."""
    size = sum(len(row["value"] or b"") for row in rows)
    return max(1, min(_BATCH, _BATCH_BYTES * len(rows) // max(1, size)))


def _checked(error: BaseException) -> Exception:
    """Return the error of a partition; raise any other error."""
    if isinstance(error, Transient | Unsendable):
        return error
    raise error
