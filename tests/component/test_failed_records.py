"""A record that meets a bug of ours is tried again, then a letter, within a limit that restarts
keep."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from shared.contracts.dead_letter import Reason
from shared.runtime import failed_records, inbox
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import BlockedPartition, Transient
from shared.runtime.failed_records import MOST_TRIES
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.inbox import InboxWorker
from shared.runtime.metrics import RuntimeMetrics
from tests.support.inbox import PARTITION, NotingDeadLetters, a_database, handle_all, record

BUG = "a bug"


class Process:
    """A process of the service; it notes what it is given, and what has committed."""

    def __init__(self, database: Database) -> None:
        metrics = RuntimeMetrics(CollectorRegistry())
        self.database = database
        self.letters = NotingDeadLetters(metrics)
        self.calls: list[list[int]] = []
        self.mended = False
        self.worker = InboxWorker(database, "test", self._apply, self.letters, metrics)

    async def _apply(self, transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        self.calls.append([incoming.offset for incoming in messages])
        if not self.mended and any(incoming.message.text == BUG for incoming in messages):
            raise KeyError("planted")

    async def restart(self) -> Process:
        """Return a new process that owns the partition."""
        process = Process(self.database)
        await process.worker.restore([PARTITION])
        return process

    async def failed(self) -> list[tuple[int, int]]:
        """Return the offset and tries of each failed record."""
        rows = await self.database.pool.fetch(
            "SELECT record_offset, tries FROM command.failed_record ORDER BY record_offset"
        )
        return [tuple(row) for row in rows]


async def test_a_restart_forgives_no_try_and_the_others_wait_for_none_of_them() -> None:
    batch = [record(0), record(1), record(2, text=BUG), record(3), record(4)]
    async with a_database() as database:
        process = await Process(database).restart()
        with pytest.raises(Transient, match="try 1 of 3"):
            await process.worker.handle(batch)
        assert process.calls[-1] == [2]
        for tries in range(2, MOST_TRIES):
            process = await process.restart()
            with pytest.raises(Transient, match=f"try {tries} of 3"):
                await process.worker.handle(batch)
            assert process.calls == [[2]], "its batch is not halved again"
            assert await process.failed() == [(2, tries)]
            assert process.letters.refused == []
        process = await process.restart()
        await process.worker.handle(batch)
        assert process.calls == [[2], [3, 4]]
        assert process.letters.refused == [(2, Reason.HANDLER_ERROR)]
        assert await process.failed() == []


async def test_a_record_that_succeeds_later_is_no_letter() -> None:
    async with a_database() as database:
        process = await Process(database).restart()
        with pytest.raises(Transient):
            await process.worker.handle([record(0, text=BUG), record(1)])
        process.mended = True
        await process.worker.handle([record(0, text=BUG), record(1)])
        assert process.calls[-2:] == [[0], [1]]
        assert await process.failed() == []
        assert process.letters.refused == []


async def test_a_limit_of_letters_blocks_the_partition_through_restarts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failed_records, "MOST_BUG_LETTERS", 2)
    batch = [record(offset, text=BUG) for offset in range(4)]
    async with a_database() as database:
        process = await Process(database).restart()
        with pytest.raises(BlockedPartition, match="stands at offset 2") as blocked:
            await handle_all(process.worker, batch)
        assert (blocked.value.partition, blocked.value.offset) == (PARTITION, 2)
        refused = [(0, Reason.HANDLER_ERROR), (1, Reason.HANDLER_ERROR)]
        assert process.letters.refused == refused
        for _ in range(2):
            process = await process.restart()
            with pytest.raises(BlockedPartition, match="stands at offset 2"):
                await handle_all(process.worker, batch)
            assert process.letters.refused == []
        # A minute later, or with the bug mended, a restart goes on.
        await database.pool.execute(
            "UPDATE command.bug_letters SET since = since - interval '1 minute'"
        )
        process = await process.restart()
        await handle_all(process.worker, batch[:3])
        assert process.letters.refused == [(2, Reason.HANDLER_ERROR)]
        process = await process.restart()
        process.mended = True
        await process.worker.handle(batch)
        assert process.calls == [[3]]


@pytest.mark.parametrize("tells", ["client", "server", "idle"])
async def test_what_is_not_finished_in_time_is_tried_in_smaller_pieces(tells: str) -> None:
    """Postgres ends the session of a handler that computes for too long between statements."""
    calls: list[int] = []

    async def apply(transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        calls.append(len(messages))
        if len(messages) > 3:
            if tells == "client":
                raise TimeoutError
            if tells == "idle":
                limit = "SET LOCAL idle_in_transaction_session_timeout = 20"
                await transaction.connection.execute(limit)
                await asyncio.sleep(0.5)
                await transaction.connection.execute("SELECT 1")
            await transaction.connection.execute("SET LOCAL statement_timeout = 20")
            await transaction.connection.execute("SELECT pg_sleep(600)")

    async with a_database() as database:
        metrics = RuntimeMetrics(CollectorRegistry())
        letters = NotingDeadLetters(metrics)
        worker = InboxWorker(database, "test", apply, letters, metrics, max_records=16)
        await worker.restore([PARTITION])
        batch = [record(offset) for offset in range(16)]
        assert await handle_all(worker, batch) > 1
        assert sum(count for count in calls if count <= 3) == 16
        assert letters.refused == []
        assert worker._size == 16, "a quick transaction makes the next one larger"


async def test_the_first_transaction_is_small_and_a_slow_one_makes_the_next_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Records that take long are handled in steps: a process that ends keeps what is done."""
    calls: list[int] = []

    async def apply(transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        calls.append(len(messages))
        if len(calls) == 2:
            monkeypatch.setattr(inbox, "_SLOW_S", 0.0)

    async with a_database() as database:
        metrics = RuntimeMetrics(CollectorRegistry())
        letters = NotingDeadLetters(metrics)
        worker = InboxWorker(database, "test", apply, letters, metrics, first_records=4)
        await worker.restore([PARTITION])
        await worker.handle([record(offset) for offset in range(4)])
        await worker.handle([record(offset) for offset in range(4, 12)])
        monkeypatch.setattr(inbox, "_QUICK_S", 0.0)
        await worker.handle([record(offset) for offset in range(12, 28)])
        await worker.handle([record(offset) for offset in range(28, 36)])
    assert calls == [4, 8, 16, 8]
