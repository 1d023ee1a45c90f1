"""The inbox on a real Postgres: the next batch is decoded beside the transaction under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from services.command.fastpath import plain_steps
from shared.contracts.assignments import Step
from shared.contracts.dead_letter import Reason
from shared.runtime import inbox, inbox_store
from shared.runtime.database import Database, Transaction
from shared.runtime.decoding import decode
from shared.runtime.errors import LostOwnership, Transient
from shared.runtime.inbox_decoder import BatchDecoder
from shared.runtime.stored_offsets import StoredOffset, fingerprint
from tests.component.command.harness import a_step
from tests.support.inbox import (
    COUNT,
    PARTITION,
    SIZE,
    InboxMember,
    a_database,
    record,
    records,
    stored,
)


async def test_the_next_batch_and_no_other_is_decoded_while_a_transaction_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[int] = []

    def noting(spec: Any, consumer_record: Any) -> Any:
        decoded.append(consumer_record.offset)
        return decode(spec, consumer_record)

    monkeypatch.setattr("shared.runtime.inbox_decoder.decode", noting)
    progress: list[list[int]] = []

    async def wait(number: int) -> None:
        async with asyncio.timeout(5):
            while len(decoded) < min(COUNT, (number + 1) * SIZE):
                await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        progress.append(list(decoded))

    async with a_database() as database:
        member = InboxMember(database, wait)
        await member.worker.restore([PARTITION])
        await member.worker.handle(records())
        assert await stored(database) == (COUNT, COUNT)
    assert member.batches == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert progress == [list(range(6)), list(range(9)), list(range(10)), list(range(10))]
    assert member.applied == list(range(COUNT))


async def test_the_next_batch_inserts_its_ids_and_then_waits_for_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered: list[int] = []
    insert_new = inbox_store.insert_new

    async def noting(*arguments: Any) -> Any:
        result = await insert_new(*arguments)
        entered.append(len(result.new))
        return result

    monkeypatch.setattr(inbox_store, "insert_new", noting)
    progress: list[list[int]] = []

    async def wait(number: int) -> None:
        async with asyncio.timeout(5):
            while len(entered) < min(number + 1, 4):
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        progress.append(list(entered))
        assert await stored(database) == ((number - 1) * SIZE, (number - 1) * SIZE)

    async with a_database() as database:
        member = InboxMember(database, wait)
        await member.worker.restore([PARTITION])
        await member.worker.handle(records())
        assert await stored(database) == (COUNT, COUNT)
    assert progress == [[3, 3], [3, 3, 3], [3, 3, 3, 1], [3, 3, 3, 1]]
    assert member.applied == list(range(COUNT))
    for (_, end), (now, _) in pairwise(member.times):
        assert end < now, "the time of a transaction is that of its turn"


@pytest.mark.parametrize("reverse", [False, True])
async def test_repeated_ids_in_the_next_batch_never_deadlock(
    reverse: bool,
) -> None:
    """Neither when both begin at once nor when the first batch is handled again in halves."""
    repeats = [2, 1, 0] if reverse else [0, 1, 2]
    values = [*(record(0), record(1), record(2, text="refuse me")), *map(record, repeats)]
    batch = [replace(value, offset=offset) for offset, value in enumerate(values)]
    async with a_database() as database, asyncio.timeout(10):
        member = InboxMember(database)
        await member.worker.restore([PARTITION])
        await member.worker.handle(batch)
        assert await stored(database) == (2 * SIZE, SIZE)
    assert member.applied == [0, 1, 3 if reverse else 5]
    assert member.letters.refused == [(2, Reason.NOT_ALLOWED)]


def lose_answers(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the next commit succeed and its answer be lost, for each entry of the returned list."""
    lost: list[str] = []
    transaction = database.transaction

    @asynccontextmanager
    async def without_answer() -> AsyncIterator[Transaction]:
        async with transaction() as opened:
            yield opened
        if lost:
            raise Transient(lost.pop())

    monkeypatch.setattr(database, "transaction", without_answer)
    return lost


async def test_a_commit_without_an_answer_is_known_again_and_not_taken_for_another_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_database() as database:
        member = InboxMember(database)
        await member.worker.restore([PARTITION])
        lost = lose_answers(database, monkeypatch)
        lost.append("the answer of the commit is lost")
        with pytest.raises(Transient):
            await member.worker.handle(records())
        assert await stored(database) == (SIZE, SIZE)
        await member.worker.handle(records())
        assert await stored(database) == (COUNT, COUNT)
        assert member.applied == list(range(COUNT))
        await member.worker.handle(records())
        end = StoredOffset(COUNT, fingerprint(records()[-1].value))
        lost.append("the answer of the commit is lost")
        with pytest.raises(Transient):
            await member.worker.move(PARTITION, StoredOffset(2))
        await member.worker.move(PARTITION, StoredOffset(2))
        assert member.worker.stored(PARTITION) == StoredOffset(2)
        await member.worker.move(PARTITION, end)
        assert await stored(database) == (COUNT, COUNT)


async def test_after_a_commit_without_an_answer_another_owner_is_still_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_database() as database:
        member, second_member = InboxMember(database), InboxMember(database)
        for owner in (member, second_member):
            await owner.worker.restore([PARTITION])
        lose_answers(database, monkeypatch).append("the answer of the commit is lost")
        with pytest.raises(Transient):
            await member.worker.handle(records()[:SIZE])
        await second_member.worker.restore([PARTITION])
        await second_member.worker.handle(records())
        with pytest.raises(LostOwnership):
            await member.worker.handle(records())


async def test_nothing_is_committed_past_a_transaction_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decode_batch, slow = BatchDecoder.decode_batch, [2 * SIZE]

    async def slow_decode(decoder: BatchDecoder, batch: Any) -> Any:
        if batch and batch[0].offset in slow:
            slow.clear()
            await asyncio.Event().wait()  # not decoded when the batch before it fails
        return await decode_batch(decoder, batch)

    monkeypatch.setattr(BatchDecoder, "decode_batch", slow_decode)

    async def fail(number: int) -> None:
        if number == 2:
            raise Transient("not now")

    broken = [*records()[:7], record(7, b"{not json"), *records()[8:]]
    async with a_database() as database:
        member = InboxMember(database, fail)
        await member.worker.restore([PARTITION])
        with pytest.raises(Transient):
            await member.worker.handle(broken)
        assert await stored(database) == (SIZE, SIZE)
        assert (member.applied, member.letters.refused) == ([0, 1, 2], [])
        await asyncio.sleep(0.01)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task of a later batch runs on"
        await member.worker.handle(broken)
        assert await stored(database) == (COUNT, COUNT - 1)
    assert member.applied == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert member.letters.refused == [(7, Reason.NOT_JSON)]


async def test_a_record_refused_early_is_no_letter_before_its_turn() -> None:
    """The previous batch fails when the ids of the next one are in, which is then handled again."""

    async def fail(number: int) -> None:
        if number == 1:
            while await waiting_transactions(database) == 0:
                await asyncio.sleep(0.001)
            raise Transient("not now")

    broken = [*records()[:4], record(4, b"{not json"), *records()[5:]]
    async with a_database() as database:
        member = InboxMember(database, fail)
        await member.worker.restore([PARTITION])
        with pytest.raises(Transient):
            await member.worker.handle(broken)
        assert (await stored(database), member.letters.refused) == ((0, 0), [])
        await member.worker.handle(broken)
    assert member.letters.refused == [(4, Reason.NOT_JSON)]


async def waiting_transactions(database: Database) -> int:
    """Return how many transactions wait for the previous one: their ids are not visible yet."""
    return int(
        await database.pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND state = 'idle in transaction' AND query LIKE 'INSERT INTO command.inbox%'"
        )
    )


async def test_a_letter_that_cannot_be_sent_rolls_its_transaction_back() -> None:
    broken = [record(0), record(1, b"{not json"), *records()[2:]]
    async with a_database() as database:
        member = InboxMember(database)
        await member.worker.restore([PARTITION])
        member.letters.unavailable = True
        with pytest.raises(Transient):
            await member.worker.handle(broken)
        assert await stored(database) == (0, 0)
        member.letters.unavailable = False
        await member.worker.handle(broken)
        assert await stored(database) == (COUNT, COUNT - 1)
    assert member.letters.refused == [(1, Reason.NOT_JSON)]


async def test_a_cancelled_worker_leaves_no_task() -> None:
    reached = asyncio.Event()

    async def stay(number: int) -> None:
        if number == 2:
            reached.set()
            await asyncio.Event().wait()

    async with a_database() as database:
        member = InboxMember(database, stay)
        await member.worker.restore([PARTITION])
        handling = asyncio.create_task(member.worker.handle(records()))
        await reached.wait()
        handling.cancel()
        await asyncio.gather(handling, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await stored(database) == (SIZE, SIZE)


async def test_a_batch_whose_predecessor_failed_fails_by_itself() -> None:
    """Also when it is not cancelled yet: its offsets would skip the records of the other."""
    async with a_database() as database:
        member = InboxMember(database)
        await member.worker.restore([PARTITION])

        async def fail() -> None:
            raise Transient("not now")

        failed = inbox._RunningBatch(asyncio.create_task(fail()), asyncio.Event())
        failed.entered.set()
        following = member.worker._begin(records()[SIZE:], failed)
        with pytest.raises(Transient, match="not now"):
            await following.task
        assert await stored(database) == (0, 0)
    assert member.applied == []


async def test_a_former_owner_commits_nothing_that_it_has_decoded() -> None:
    """The new owner goes on after the last transaction of the old one, which had more ready."""
    async with a_database() as database:
        new = InboxMember(database)

        async def take_over() -> None:
            while await database.pool.fetchval("SELECT count(*) FROM command.inbox") < SIZE:
                await asyncio.sleep(0.01)
            (offset,) = (await new.worker.restore([PARTITION])).values()
            assert offset == (SIZE, fingerprint(records()[SIZE - 1].value))
            await new.worker.handle(records()[SIZE:])

        decode_batch = BatchDecoder.decode_batch
        delayed: list[int] = []

        async def slow_decode(decoder: BatchDecoder, batch: Any) -> Any:
            if batch and batch[0].offset == SIZE and not delayed:
                delayed.append(SIZE)
                await task  # ready only when another member owns it already
            return await decode_batch(decoder, batch)

        old = InboxMember(database)
        await old.worker.restore([PARTITION])
        task = asyncio.create_task(take_over())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BatchDecoder, "decode_batch", slow_decode)
            with pytest.raises(LostOwnership):
                await old.worker.handle(records())
        assert await stored(database) == (COUNT, COUNT)
    assert old.applied == [0, 1, 2]
    assert new.applied == list(range(SIZE, COUNT))


async def test_a_moved_offset_is_stored_and_repeats_after_it_are_harmless() -> None:
    async with a_database() as database:
        member = InboxMember(database)
        await member.worker.restore([PARTITION])
        await member.worker.handle(records())
        untrusted = StoredOffset(COUNT, "replaced by another")
        for target in (untrusted, StoredOffset(4)):
            await member.worker.move(PARTITION, target)
            assert member.worker.stored(PARTITION) == target
            assert await InboxMember(database).worker.restore([PARTITION]) == {PARTITION: target}
        await member.worker.handle(records())
        assert await stored(database) == (COUNT, COUNT)
        owner = InboxMember(database)
        await owner.worker.restore([PARTITION])
        await owner.worker.move(PARTITION, StoredOffset(0))
        with pytest.raises(LostOwnership):
            await member.worker.move(PARTITION, StoredOffset(4))
    assert member.applied == list(range(COUNT))


async def test_a_refused_record_is_isolated_and_in_its_order() -> None:
    batch = [*records()[:4], record(4, text="refuse me"), *records()[5:]]
    async with a_database() as database:
        member = InboxMember(database)
        await member.worker.restore([PARTITION])
        await member.worker.handle(batch)
        assert await stored(database) == (COUNT, COUNT - 1)
    assert member.applied == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert member.letters.refused == [(4, Reason.NOT_ALLOWED)]


async def test_a_repeat_in_the_next_transaction_is_dropped() -> None:
    twice = [*records()[:SIZE], *(record(0), record(1), record(2))]
    twice = [replace(value, offset=offset) for offset, value in enumerate(twice)]
    async with a_database() as database:
        member = InboxMember(database)
        await member.worker.restore([PARTITION])
        await member.worker.handle(twice)
        assert await stored(database) == (2 * SIZE, SIZE)
    assert member.applied == [0, 1, 2]


async def test_a_fast_decoder_returns_the_message_of_the_contract() -> None:
    """A repeat is a repeat and a conflict a conflict, whichever decoder has read the record."""

    def fast_decoder(raw: bytes) -> Any:
        result = plain_steps.read(raw) if len(fast) % 2 else None
        fast.append(result is not None)
        return result

    fast: list[bool] = []
    conflict = a_step("cmd-1", "500118118200/grid/000", Step.SIGN, text="another body").to_wire()
    values = [
        record(0),
        record(0),
        record(1),
        record(1),
        record(0, conflict),
        record(2, b"{not json"),
    ]
    batch = [replace(value, offset=offset) for offset, value in enumerate(values)]
    async with a_database() as database:
        member = InboxMember(database, decoder=fast_decoder)
        await member.worker.restore([PARTITION])
        await member.worker.handle(batch)
        assert await stored(database) == (len(batch), 2)
    assert fast == [False, True] * 2 + [False, False]
    assert member.applied == [0, 2]
    assert member.letters.refused == [(5, Reason.NOT_JSON), (4, Reason.ID_CONFLICT)]
