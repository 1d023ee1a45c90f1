"""Members of a consumer group whose inbox is on a real Postgres, without Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry

from shared.contracts.assignments import Step
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import ACKNOWLEDGEMENTS
from shared.runtime.clock import SystemClock
from shared.runtime.database import Database, Transaction
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.errors import Reject, Transient
from shared.runtime.inbound_messages import FastDecoder, InboundMessage
from shared.runtime.inbox import InboxWorker
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import encode
from shared.runtime.publisher import Publisher
from tests.component.command.harness import a_step
from tests.support.postgres import fresh_database

PARTITION = TopicPartition(ACKNOWLEDGEMENTS.name, 0)
SIZE = 3
COUNT = 10
Hook = Callable[[int], Awaitable[None]]


class NotingDeadLetters(DeadLetters):
    """Notes the refused records in place of Kafka."""

    def __init__(self, metrics: RuntimeMetrics) -> None:
        super().__init__("test", Publisher("127.0.0.1:1", metrics), metrics, SystemClock())
        self.refused: list[tuple[int, Reason]] = []
        self.details: dict[int, str] = {}
        self.unavailable = False

    async def send(self, refused: Sequence[tuple[Any, Reject]]) -> None:
        if refused and self.unavailable:
            raise Transient("no Kafka")
        self.refused += [(record.offset, reject.reason) for record, reject in refused]
        self.details.update({record.offset: reject.detail for record, reject in refused})


async def handle_all(worker: InboxWorker, batch: Sequence[Any]) -> int:
    """Handle records as the consumer does, again after each Transient; return the attempts."""
    for attempt in range(1, 100):
        try:
            await worker.handle(list(batch))
        except Transient:
            continue
        return attempt
    raise AssertionError("the records are never handled")


class InboxMember:
    """One owner of the partition; `hook` is called in each transaction, with its number."""

    def __init__(
        self, database: Database, hook: Hook | None = None, decoder: FastDecoder | None = None
    ) -> None:
        metrics = RuntimeMetrics(CollectorRegistry())
        self.letters = NotingDeadLetters(metrics)
        self.batches: list[list[int]] = []
        self.applied: list[int] = []
        self.times: list[tuple[datetime, datetime]] = []
        self._hook = hook
        self.worker = InboxWorker(
            database,
            "test",
            self._apply,
            self.letters,
            metrics,
            max_records=SIZE,
            fast_decoders={} if decoder is None else {ACKNOWLEDGEMENTS.name: decoder},
        )

    async def _apply(self, transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        self.batches.append([message.offset for message in messages])
        if self._hook is not None:
            await self._hook(len(self.batches))
        if any(incoming.message.text == "refuse me" for incoming in messages):
            raise Reject(Reason.NOT_ALLOWED, "asked for it")
        self.applied += [message.offset for message in messages]
        self.times.append(
            (transaction.now, await transaction.connection.fetchval("SELECT clock_timestamp()"))
        )


@asynccontextmanager
async def a_database() -> AsyncIterator[Database]:
    with fresh_database() as dsn:
        database = Database(dsn, "command")
        await database.start()
        try:
            yield database
        finally:
            await database.stop()


def record(offset: int, value: bytes | None = None, text: str = "") -> Any:
    step = a_step("cmd-1", f"500118118200/grid/{offset:03d}", Step.SIGN, text=text)
    return ConsumerRecord(
        *PARTITION, offset, 0, 0, b"k", value or encode(step), None, 0, 0, headers=()
    )


def records() -> list[Any]:
    return [record(offset) for offset in range(COUNT)]


async def stored(database: Database) -> tuple[int, int]:
    """(next offset, ids in the inbox) as committed."""
    row = await database.pool.fetchrow(
        "SELECT next_offset, (SELECT count(*) FROM command.inbox) "
        "FROM command.consumer_offset WHERE grp = 'test'"
    )
    assert row is not None
    return row[0], row[1]
