"""Outbox rows of partitions in trouble wait apart; a row that Kafka never takes is set aside.

A partition is in trouble when Kafka refuses records or does not confirm them in time: without a
leader, without the right, in a deleted topic, with a record too large, or too slow for the rows.
They are tried in order, again and again, at most 1 MiB at a time. What the producer has taken is
not given to it again while Kafka may still confirm it; after an attempt without an outcome the next
has half as many rows. When Kafka refuses a batch for a record, the rows of the batch are sent
singly, and the row that Kafka refuses alone is quarantined: the table keeps the row, with the
reason, until a person lets the relay send again (`fenghuo outbox`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog
from aiokafka import TopicPartition

from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient, Unconfirmed, Unsendable
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
_BATCH_BYTES = 1_048_576
_ATTEMPT_S = 3.0
"""After so long an attempt ends; what is under way stays so, and the next attempt waits for it."""
_SLOW_S = 1.0
"""A partition that takes longer for a batch stays in trouble: the relay has larger batches."""
_FIRST_DELAY_S = 0.25
_LONGEST_DELAY_S = 2.0
_MEASURE_S = 5.0


class _Sending(NamedTuple):
    """Rows under way, since when by the clock of the event loop."""

    rows: Sequence[Any]
    outcome: asyncio.Task[None]
    began_at: float


@dataclass(slots=True)
class _Trouble:
    """The next attempt of a partition, of at most `limit` rows; `singly` rows are sent alone."""

    due_at: float
    delay_s: float = _FIRST_DELAY_S
    singly: int = 0
    limit: int = _BATCH
    sending: _Sending | None = None


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
        try:
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
        finally:
            for trouble in self._troubles.values():
                if trouble.sending is not None:
                    trouble.sending.outcome.cancel()

    async def attempt(self) -> None:
        """Send rows of the partitions whose attempt is due, each apart.

        When Kafka has taken a whole batch soon the trouble of a partition is over. Raises Transient
        when no attempt was possible.
        """
        now = _now()
        due = [name for name, trouble in self._troubles.items() if trouble.due_at <= now]
        async with self._database.transaction() as transaction:
            if not await lock(transaction, f"{transaction.schema} in trouble"):
                raise Transient("another process tries")
            sendings = {name: await self._sending(transaction, name) for name in due}
            outcomes = [sending.outcome for sending in sendings.values()]
            if outcomes:
                await transaction.wait_for(asyncio.wait(outcomes, timeout=_ATTEMPT_S))
            for partition, sending in sendings.items():
                if sending.outcome.done():
                    self._troubles[partition].sending = None
                    await self._settle(transaction, partition, sending)
                else:
                    _postpone(self._troubles[partition])

    async def _sending(self, transaction: Transaction, partition: TopicPartition) -> _Sending:
        """Return what is under way; where nothing is, begin with the oldest rows."""
        trouble = self._troubles[partition]
        if trouble.sending is None:
            rows = await transaction.connection.fetch(
                f"SELECT {COLUMNS} FROM (SELECT {COLUMNS}, "  # noqa: S608
                "sum(size) OVER (ORDER BY seq) - size AS before "
                "FROM (SELECT *, coalesce(octet_length(value), 0) AS size "
                f"FROM {transaction.schema}.outbox WHERE quarantined_at IS NULL "
                "AND topic = $1 AND part = $2 ORDER BY seq LIMIT $3) AS sized) AS oldest "
                "WHERE before < $4 ORDER BY seq",
                *partition,
                1 if trouble.singly else trouble.limit,
                _BATCH_BYTES,
            )
            trouble.sending = _Sending(rows, asyncio.create_task(self._publish(rows)), _now())
        return trouble.sending

    async def _publish(self, rows: Sequence[Any]) -> None:
        if rows:
            records = list(map(outbound, rows))
            pending = await self._publisher.begin(self._publisher.producer, records)
            await self._publisher.confirm(pending)

    async def _settle(
        self, transaction: Transaction, partition: TopicPartition, sending: _Sending
    ) -> None:
        trouble, rows = self._troubles[partition], sending.rows
        error = sending.outcome.exception()
        if isinstance(error, Transient):
            if isinstance(error, Unconfirmed):
                trouble.limit = max(1, len(rows) // 2)
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
        slow = _now() - sending.began_at > _SLOW_S
        if rows and (trouble.singly or slow):
            trouble.singly = max(0, trouble.singly - 1)
            trouble.limit = min(_BATCH, 2 * trouble.limit)
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
