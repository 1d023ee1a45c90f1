"""Reading ahead on a real Postgres: what the next transaction will need is decoded beside this one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry

from services.command.fastpath import plain_steps
from shared.contracts.commands import Step
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import ACKNOWLEDGEMENTS
from shared.runtime import inbox
from shared.runtime.clock import SystemClock
from shared.runtime.database import Database, Transaction
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.decoding import decode
from shared.runtime.errors import LostOwnership, Reject, Transient
from shared.runtime.inbox import InboxWorker, Incoming, Quick
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.publisher import Publisher, encode
from tests.component.command.harness import a_step
from tests.support.postgres import fresh_database

PARTITION = TopicPartition(ACKNOWLEDGEMENTS.name, 0)
PIECE = 3
COUNT = 10
Hook = Callable[[int], Awaitable[None]]


class Letters(DeadLetters):
    """Notes what is refused in place of Kafka."""

    def __init__(self, metrics: RuntimeMetrics) -> None:
        super().__init__("test", Publisher("127.0.0.1:1", metrics), metrics, SystemClock())
        self.refused: list[tuple[int, Reason]] = []
        self.away = False
        self.accounts: list[tuple[int, int]] = []

    def account(self, seen: int, bad: int) -> None:
        self.accounts.append((seen, bad))

    async def send(self, refused: Sequence[tuple[Any, Reject]]) -> None:
        if refused and self.away:
            raise Transient("no Kafka")
        self.refused += [(record.offset, why.reason) for record, why in refused]


class Member:
    """One owner of the partition; `before` is called in each transaction, with its number."""

    def __init__(
        self, database: Database, before: Hook | None = None, quick: Quick | None = None
    ) -> None:
        metrics = RuntimeMetrics(CollectorRegistry())
        self.letters = Letters(metrics)
        self.begun: list[list[int]] = []
        self.applied: list[int] = []
        self.times: list[tuple[datetime, datetime]] = []
        self._before = before
        self.worker = InboxWorker(
            database,
            "test",
            self._apply,
            self.letters,
            metrics,
            piece=PIECE,
            quick={} if quick is None else {ACKNOWLEDGEMENTS.name: quick},
        )

    async def _apply(self, work: Transaction, messages: Sequence[Incoming]) -> None:
        self.begun.append([message.offset for message in messages])
        if self._before is not None:
            await self._before(len(self.begun))
        if any(incoming.message.text == "refuse me" for incoming in messages):
            raise Reject(Reason.NOT_ALLOWED, "asked for it")
        self.applied += [message.offset for message in messages]
        self.times.append((work.now, await work.connection.fetchval("SELECT clock_timestamp()")))


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
    pool = database.pool
    return (
        await pool.fetchval("SELECT next_offset FROM command.consumer_offset WHERE grp = 'test'"),
        await pool.fetchval("SELECT count(*) FROM command.inbox"),
    )


async def test_the_next_records_are_read_while_a_transaction_runs_and_no_more_than_those(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[int] = []

    def noted(model: Any, one: Any) -> Any:
        read.append(one.offset)
        return decode(model, one)

    monkeypatch.setattr("shared.runtime.inbox.decode", noted)
    seen: list[list[int]] = []

    async def wait(number: int) -> None:
        async with asyncio.timeout(5):
            while len(read) < min(COUNT, (number + 1) * PIECE):
                await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        seen.append(list(read))

    async with a_database() as database:
        member = Member(database, wait)
        await member.worker.restore([PARTITION])
        await member.worker.handle(records())
        assert await stored(database) == (COUNT, COUNT)
    assert member.begun == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert seen == [list(range(6)), list(range(9)), list(range(10)), list(range(10))]
    assert member.applied == list(range(COUNT))


async def test_the_ids_of_the_next_records_are_put_in_beside_and_the_rest_waits_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered: list[int] = []
    real = InboxWorker._fresh

    async def noted(*given: Any) -> Any:
        result = await real(*given)
        entered.append(len(result))
        return result

    monkeypatch.setattr(InboxWorker, "_fresh", noted)
    seen: list[list[int]] = []

    async def wait(number: int) -> None:
        async with asyncio.timeout(5):
            while len(entered) < min(number + 1, 4):
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        seen.append(list(entered))
        assert await stored(database) == ((number - 1) * PIECE, (number - 1) * PIECE)

    async with a_database() as database:
        member = Member(database, wait)
        await member.worker.restore([PARTITION])
        await member.worker.handle(records())
        assert await stored(database) == (COUNT, COUNT)
    assert seen == [[3, 3], [3, 3, 3], [3, 3, 3, 1], [3, 3, 3, 1]]
    assert member.applied == list(range(COUNT))
    for (_, end), (now, _) in pairwise(member.times):
        assert end < now, "the time of a transaction is that of its turn"


@pytest.mark.parametrize("turned", [False, True])
async def test_ids_that_come_again_in_the_next_records_never_wait_for_each_other(
    turned: bool,
) -> None:
    """Neither when both are begun at once nor when the first ones are done again in halves."""
    again = [2, 1, 0] if turned else [0, 1, 2]
    values = [*(record(0), record(1), record(2, text="refuse me")), *map(record, again)]
    given = [replace(value, offset=offset) for offset, value in enumerate(values)]
    async with a_database() as database, asyncio.timeout(10):
        member = Member(database)
        await member.worker.restore([PARTITION])
        await member.worker.handle(given)
        assert await stored(database) == (2 * PIECE, PIECE)
    assert member.applied == [0, 1, 3 if turned else 5]
    assert member.letters.refused == [(2, Reason.NOT_ALLOWED)]


async def test_nothing_is_committed_past_a_transaction_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, slow = InboxWorker._read, [2 * PIECE]

    async def read(worker: InboxWorker, some: Any) -> Any:
        if some and some[0].offset in slow:
            slow.clear()
            await asyncio.Event().wait()  # still being read when the one before it fails
        return await real(worker, some)

    monkeypatch.setattr(InboxWorker, "_read", read)

    async def fail(number: int) -> None:
        if number == 2:
            raise Transient("not now")

    broken = [*records()[:7], record(7, b"{not json"), *records()[8:]]
    async with a_database() as database:
        member = Member(database, fail)
        await member.worker.restore([PARTITION])
        with pytest.raises(Transient):
            await member.worker.handle(broken)
        assert await stored(database) == (PIECE, PIECE)
        assert (member.applied, member.letters.refused) == ([0, 1, 2], [])
        await asyncio.sleep(0.01)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "what was read ahead goes on"
        await member.worker.handle(broken)
        assert await stored(database) == (COUNT, COUNT - 1)
    assert member.applied == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert member.letters.refused == [(7, Reason.NOT_JSON)]
    # Each record is accounted for once, when it is done: on that rests what stops a wrong version.
    assert member.letters.accounts == [(PIECE, 0), (PIECE, 0), (PIECE, 0), (1, 0)]


async def test_what_is_refused_ahead_is_no_letter_before_its_turn() -> None:
    """The one before it fails when the next one's ids are in: that will be given once more."""

    async def fail(number: int) -> None:
        if number == 1:
            while await entered(database) == 0:
                await asyncio.sleep(0.001)
            raise Transient("not now")

    broken = [*records()[:4], record(4, b"{not json"), *records()[5:]]
    async with a_database() as database:
        member = Member(database, fail)
        await member.worker.restore([PARTITION])
        with pytest.raises(Transient):
            await member.worker.handle(broken)
        assert (await stored(database), member.letters.refused) == ((0, 0), [])
        await member.worker.handle(broken)
    assert member.letters.refused == [(4, Reason.NOT_JSON)]


async def entered(database: Database) -> int:
    """Transactions that wait for the one before: they hold ids that nobody else sees yet."""
    return int(
        await database.pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND state = 'idle in transaction' AND query LIKE 'INSERT INTO command.inbox%'"
        )
    )


async def test_a_letter_that_cannot_be_sent_takes_its_transaction_along() -> None:
    broken = [record(0), record(1, b"{not json"), *records()[2:]]
    async with a_database() as database:
        member = Member(database)
        await member.worker.restore([PARTITION])
        member.letters.away = True
        with pytest.raises(Transient):
            await member.worker.handle(broken)
        assert await stored(database) == (0, 0)
        member.letters.away = False
        await member.worker.handle(broken)
        assert await stored(database) == (COUNT, COUNT - 1)
    assert member.letters.refused == [(1, Reason.NOT_JSON)]


async def test_who_is_told_to_stop_leaves_nothing_that_goes_on() -> None:
    reached = asyncio.Event()

    async def stay(number: int) -> None:
        if number == 2:
            reached.set()
            await asyncio.Event().wait()

    async with a_database() as database:
        member = Member(database, stay)
        await member.worker.restore([PARTITION])
        handling = asyncio.create_task(member.worker.handle(records()))
        await reached.wait()
        handling.cancel()
        await asyncio.gather(handling, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await stored(database) == (PIECE, PIECE)


async def test_a_turn_whose_predecessor_failed_falls_by_itself() -> None:
    """Also when nobody has given it up yet: its offsets would lead over the records of the other."""
    async with a_database() as database:
        member = Member(database)
        await member.worker.restore([PARTITION])

        async def fall() -> None:
            raise Transient("not now")

        failed = inbox._Turn(asyncio.create_task(fall()), asyncio.Event())
        failed.entered.set()
        following = member.worker._begin(records()[PIECE:], failed)
        with pytest.raises(Transient, match="not now"):
            await following.task
        assert await stored(database) == (0, 0)
    assert member.applied == []


async def test_who_lost_the_partition_commits_nothing_of_what_he_had_read() -> None:
    """The new owner goes on where the old one's last transaction ended, while that had more ready."""
    async with a_database() as database:
        new = Member(database)

        async def lost() -> None:
            while await database.pool.fetchval("SELECT count(*) FROM command.inbox") < PIECE:
                await asyncio.sleep(0.01)
            assert await new.worker.restore([PARTITION]) == {PARTITION: PIECE}
            await new.worker.handle(records()[PIECE:])

        real = InboxWorker._read

        waited: list[int] = []

        async def slow(worker: InboxWorker, some: Any) -> Any:
            if some and some[0].offset == PIECE and not waited:
                waited.append(PIECE)
                await task  # ready only when another member has it already
            return await real(worker, some)

        old = Member(database)
        await old.worker.restore([PARTITION])
        task = asyncio.create_task(lost())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(InboxWorker, "_read", slow)
            with pytest.raises(LostOwnership):
                await old.worker.handle(records())
        assert await stored(database) == (COUNT, COUNT)
    assert old.applied == [0, 1, 2]
    assert new.applied == list(range(PIECE, COUNT))


async def test_a_record_that_spoils_its_transaction_leaves_alone_and_in_its_place() -> None:
    spoilt = [*records()[:4], record(4, text="refuse me"), *records()[5:]]
    async with a_database() as database:
        member = Member(database)
        await member.worker.restore([PARTITION])
        await member.worker.handle(spoilt)
        assert await stored(database) == (COUNT, COUNT - 1)
    assert member.applied == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert member.letters.refused == [(4, Reason.NOT_ALLOWED)]


async def test_a_repeat_in_the_next_transaction_is_dropped() -> None:
    twice = [*records()[:PIECE], *(record(0), record(1), record(2))]
    twice = [replace(one, offset=offset) for offset, one in enumerate(twice)]
    async with a_database() as database:
        member = Member(database)
        await member.worker.restore([PARTITION])
        await member.worker.handle(twice)
        assert await stored(database) == (2 * PIECE, PIECE)
    assert member.applied == [0, 1, 2]


async def test_what_is_read_quickly_is_the_same_message_as_what_the_contract_reads() -> None:
    """A repeat is a repeat and a conflict a conflict, whichever of the two has read it."""

    def quick(raw: bytes) -> tuple[Any, bytes] | None:
        taken = plain_steps.read(raw) if len(read) % 2 else None
        read.append(taken is not None)
        return taken

    read: list[bool] = []
    other = a_step("cmd-1", "500118118200/grid/000", Step.SIGN, text="another body").to_wire()
    values = [record(0), record(0), record(1), record(1), record(0, other), record(2, b"{not json")]
    given = [replace(value, offset=offset) for offset, value in enumerate(values)]
    async with a_database() as database:
        member = Member(database, quick=quick)
        await member.worker.restore([PARTITION])
        await member.worker.handle(given)
        assert await stored(database) == (len(given), 2)
    assert read == [False, True] * 2 + [False, False]
    assert member.applied == [0, 2]
    assert member.letters.refused == [(5, Reason.NOT_JSON), (4, Reason.ID_CONFLICT)]
