"""Outbox rows of partitions in trouble wait apart; a row that Kafka never takes is set aside.

A partition is in trouble when Kafka refuses records or does not confirm them in time: without a
leader, without the right, in a deleted topic, with a record too large. The rows are tried in order,
again and again. When Kafka refuses a batch for a record, the rows of the batch are sent singly, and
the row that Kafka refuses alone is quarantined: the table keeps the row, with the reason, until a
person lets the relay send again (`fenghuo outbox`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import TopicPartition

from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient, Unsendable
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbox_rows import (
    COLUMNS,
    count_rows,
    delete_rows,
    lock,
    outbound,
    quarantine_row,
)
from shared.runtime.publisher import Publisher

log = structlog.get_logger("fenghuo.outbox")

_BATCH = 500
_CONFIRM_S = 3.0
_FIRST_DELAY_S = 0.25
_LONGEST_DELAY_S = 2.0
_MEASURE_S = 5.0


@dataclass(slots=True)
class _Trouble:
    """The next attempt of a partition; `singly` rows are to be sent alone."""

    due_at: float
    delay_s: float = _FIRST_DELAY_S
    singly: int = 0


class TroubledPartitions:
    """The partitions that the relay leaves out, and the attempts to send their rows."""

    def __init__(self, database: Database, publisher: Publisher, metrics: RuntimeMetrics) -> None:
        self._database = database
        self._publisher = publisher
        self._metrics = metrics
        self._troubles: dict[TopicPartition, _Trouble] = {}
        self._added = asyncio.Event()

    @property
    def partitions(self) -> list[TopicPartition]:
        """The partitions in trouble."""
        return list(self._troubles)

    def add(self, partition: TopicPartition, error: Exception) -> None:
        """Let the rows of a partition wait apart from now on."""
        singly = _BATCH if isinstance(error, Unsendable) else 0
        self._troubles[partition] = _Trouble(_now(), singly=singly)
        self._metrics.outbox_troubled.labels(*partition).set(1)
        self._added.set()
        log.error("outbox_partition_waits", partition=_name(partition), error=str(error))

    async def run(self) -> None:
        """Background loop: try the partitions in trouble, each with its own pauses."""
        while True:
            if not self._troubles:
                self._added.clear()
                await self._added.wait()
            next_at = min(trouble.due_at for trouble in self._troubles.values())
            await asyncio.sleep(next_at - _now())
            try:
                await self.attempt()
            except Transient as error:
                log.warning("outbox_attempt_failed", error=str(error))
                for trouble in self._troubles.values():
                    _postpone(trouble)

    async def attempt(self) -> None:
        """Send rows of the partitions whose attempt is due, each apart.

        When Kafka has taken a whole batch the trouble of a partition is over. Raises Transient when
        no attempt was possible.
        """
        now = _now()
        due = [name for name, trouble in self._troubles.items() if trouble.due_at <= now]
        async with self._database.transaction() as transaction:
            if not await lock(transaction, f"{transaction.schema} in trouble"):
                raise Transient("another process tries")
            batches = [await self._rows(transaction, partition) for partition in due]
            outcomes = await transaction.wait_for(
                asyncio.gather(*map(self._publish, batches), return_exceptions=True)
            )
            for partition, rows, error in zip(due, batches, outcomes, strict=True):
                await self._settle(transaction, partition, rows, error)

    async def _rows(self, transaction: Transaction, partition: TopicPartition) -> list[Any]:
        rows = await transaction.connection.fetch(
            f"SELECT {COLUMNS} FROM {transaction.schema}.outbox "  # noqa: S608
            "WHERE quarantined_at IS NULL AND topic = $1 AND part = $2 ORDER BY seq LIMIT $3",
            *partition,
            1 if self._troubles[partition].singly else _BATCH,
        )
        return list(rows)

    async def _publish(self, rows: Sequence[Any]) -> None:
        if rows:
            records = list(map(outbound, rows))
            pending = await self._publisher.begin(self._publisher.producer, records, _CONFIRM_S)
            await self._publisher.confirm(pending, _CONFIRM_S)

    async def _settle(
        self,
        transaction: Transaction,
        partition: TopicPartition,
        rows: Sequence[Any],
        error: BaseException | None,
    ) -> None:
        trouble = self._troubles[partition]
        if isinstance(error, Transient):
            _postpone(trouble)
            return
        if error is None:
            await delete_rows(transaction, rows)
        elif not isinstance(error, Unsendable):
            raise error
        elif len(rows) == 1:
            [row] = rows
            await quarantine_row(transaction, row, str(error))
            self._metrics.outbox_quarantined.labels(partition.topic).inc()
            log.error("outbox_row_quarantined", seq=row["seq"], error=f"{partition.topic}: {error}")
        else:
            trouble.singly = len(rows)
            return
        if rows and trouble.singly:
            trouble.singly -= 1
            trouble.delay_s, trouble.due_at = _FIRST_DELAY_S, _now()
            return
        del self._troubles[partition]
        self._metrics.outbox_troubled.labels(*partition).set(0)
        self._database.outbox_event.set()
        log.info("outbox_partition_goes_on", partition=_name(partition))

    async def measure(self) -> None:
        """Background loop: count the rows of the outbox, also while Kafka is away."""
        while True:
            try:
                await self.measure_once()
            except Transient as error:
                log.warning("outbox_measure_retry", error=str(error))
            await asyncio.sleep(_MEASURE_S)

    async def measure_once(self) -> None:
        """Count the rows now."""
        async with self._database.transaction() as transaction:
            waiting, oldest_s, quarantined = await count_rows(transaction)
        self._metrics.outbox.set(waiting)
        self._metrics.outbox_oldest.set(oldest_s)
        self._metrics.outbox_set_aside.set(quarantined)


def _postpone(trouble: _Trouble) -> None:
    trouble.due_at = _now() + trouble.delay_s
    trouble.delay_s = min(2 * trouble.delay_s, _LONGEST_DELAY_S)


def _name(partition: TopicPartition) -> str:
    return f"{partition.topic} {partition.partition}"


def _now() -> float:
    return asyncio.get_running_loop().time()
