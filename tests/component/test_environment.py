"""Only a record's own data makes it a dead letter, never its environment.

On a real Postgres: a column or a right is missing, the database may only be read, memory ends.
Nothing is dead-lettered, no offset moves; once it is mended, everything is applied.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from prometheus_client import CollectorRegistry

from shared.contracts.dead_letter import Reason
from shared.contracts.fields import cleaned
from shared.contracts.topics import ACKNOWLEDGEMENTS, PAGE_ANSWERS
from shared.runtime.database import Database, Transaction, is_environment
from shared.runtime.errors import Reject, Transient, Unsendable
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.inbox import InboxWorker
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.outbox import OutboxRelay
from shared.runtime.outbox_trouble import TroubledPartitions
from tests.support.inbox import PARTITION, NotingDeadLetters, a_database, handle_all, record

Apply = Callable[[Transaction, Sequence[InboundMessage]], Awaitable[None]]
CLASSES = sorted(
    {
        getmember
        for _, getmember in inspect.getmembers(asyncpg.exceptions, inspect.isclass)
        if issubclass(getmember, asyncpg.PostgresError) and getmember.sqlstate is not None
    },
    key=lambda item: (item.sqlstate, item.__name__),
)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: f"{kind.sqlstate} {kind.__name__}")
def test_only_data_and_integrity_errors_of_postgres_are_a_records_own(
    kind: type[asyncpg.PostgresError],
) -> None:
    assert is_environment(kind("planted")) == (kind.sqlstate[:2] not in ("22", "23"))


@pytest.mark.parametrize(
    ("error", "environment"),
    [
        (asyncpg.UnknownPostgresError("of a newer server"), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InterfaceError("cannot perform operation: connection is closed"), True),
        (asyncpg.InterfaceError("pool is closing"), True),
        (asyncpg.InterfaceError("connection has been released back to the pool"), True),
        (
            asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
            False,
        ),
        (
            asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"),
            False,
        ),
        (asyncpg.InternalClientError("unexpected"), True),
        (asyncpg.OutdatedSchemaCacheError("altered meanwhile"), True),
        (OSError(28, "No space left on device"), True),
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (MemoryError(), True),
        (KafkaConnectionError(), True),
        (ExceptionGroup("several", [ValueError(), asyncpg.DiskFullError("full")]), True),
        (ExceptionGroup("several", [ValueError(), KeyError()]), False),
        (ValueError(), False),
        (KeyError("x"), False),
        (RecursionError(), False),
        (Unsendable("x"), False),
        (Reject(Reason.STALE, "x"), False),
    ],
)
def test_what_is_no_error_of_postgres(error: Exception, environment: bool) -> None:
    assert is_environment(error) is environment


async def test_a_value_that_no_column_holds_is_the_records_own() -> None:
    """asyncpg tells of it before Postgres does."""
    async with a_database() as database:
        with pytest.raises(asyncpg.DataError) as caught:
            await database.pool.fetchval("SELECT $1::int", 2**40)
        assert not is_environment(caught.value)


@asynccontextmanager
async def worked_by(apply: Apply) -> AsyncIterator[tuple[Database, InboxWorker, NotingDeadLetters]]:
    metrics = RuntimeMetrics(CollectorRegistry())
    letters = NotingDeadLetters(metrics)
    async with a_database() as database:
        await database.pool.execute("CREATE TABLE command.probe (id text PRIMARY KEY, extra text)")
        worker = InboxWorker(database, "test", apply, letters, metrics)
        await worker.restore([PARTITION])
        yield database, worker, letters


async def write(transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
    """As every worker of ours: one statement for the whole batch."""
    await transaction.connection.execute(
        "INSERT INTO command.probe (id, extra) SELECT *, 'x' FROM unnest($1::text[])",
        [incoming.message.id for incoming in messages],
    )


async def reconnected(database: Database, change: str) -> None:
    """Change a setting of the database, and let every session know by beginning anew."""
    name = await database.pool.fetchval("SELECT current_database()")
    await database.pool.execute("BEGIN READ WRITE; " + change.format(f'"{name}"') + "; COMMIT")
    await database.pool.expire_connections()


FAULTS = {
    "a column is missing": (
        "ALTER TABLE command.probe DROP COLUMN extra",
        "ALTER TABLE command.probe ADD COLUMN extra text",
    ),
    "a table is missing": (
        "ALTER TABLE command.probe RENAME TO gone",
        "ALTER TABLE command.gone RENAME TO probe",
    ),
    "a table of the runtime is missing": (
        "ALTER TABLE command.inbox RENAME TO gone",
        "ALTER TABLE command.gone RENAME TO inbox",
    ),
    "the database may only be read": (
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        "ALTER DATABASE {} RESET default_transaction_read_only",
    ),
    "memory of the server ends": (
        "CREATE FUNCTION command.fail() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''out of memory'' USING ERRCODE = ''53200''; END'; "
        "CREATE TRIGGER fail BEFORE INSERT ON command.probe FOR EACH ROW "
        "EXECUTE FUNCTION command.fail()",
        "DROP TRIGGER fail ON command.probe",
    ),
    "an index is corrupted": (
        "CREATE FUNCTION command.fail() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''broken page'' USING ERRCODE = ''XX002''; END'; "
        "CREATE TRIGGER fail BEFORE INSERT ON command.probe FOR EACH ROW "
        "EXECUTE FUNCTION command.fail()",
        "DROP TRIGGER fail ON command.probe",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_database_is_no_fault_of_any_record(fault: str) -> None:
    breaks, mends = FAULTS[fault]
    async with worked_by(write) as (database, worker, letters):
        await worker.handle([record(0)])
        await reconnected(database, breaks)
        for _ in range(2):
            with pytest.raises(Transient):
                await worker.handle([record(offset) for offset in range(1, 9)])
            assert "Postgres fails" in (database.ready() or "")
        await reconnected(database, mends)
        await worker.handle([record(offset) for offset in range(1, 9)])
        assert await database.pool.fetchval("SELECT count(*) FROM command.probe") == 9
        assert database.ready() is None
    assert letters.refused == []


async def test_a_right_that_is_taken_away_dead_letters_nothing() -> None:
    async with worked_by(write) as (database, worker, letters):
        await database.pool.execute(
            "DO $$ BEGIN CREATE ROLE prober; EXCEPTION WHEN duplicate_object THEN NULL; END $$; "
            "GRANT USAGE ON SCHEMA command TO prober; "
            "GRANT ALL ON ALL TABLES IN SCHEMA command TO prober"
        )
        async with database.pool.acquire() as owner:
            await reconnected(database, "ALTER DATABASE {} SET role = prober")
            await worker.handle([record(0)])
            await owner.execute("REVOKE INSERT ON command.probe FROM prober")
            with pytest.raises(Transient, match="InsufficientPrivilege"):
                await worker.handle([record(1), record(2)])
            await owner.execute("GRANT INSERT ON command.probe TO prober")
            await worker.handle([record(1), record(2)])
        assert await database.pool.fetchval("SELECT count(*) FROM command.probe") == 3
    assert letters.refused == []


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left on device")])
async def test_a_fault_of_our_machine_is_no_fault_of_any_record(error: Exception) -> None:
    faults: list[Exception] = [error]

    async def apply(transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        if faults:
            raise faults.pop()
        await write(transaction, messages)

    async with worked_by(apply) as (database, worker, letters):
        with pytest.raises(Transient):
            await worker.handle([record(0), record(1)])
        await worker.handle([record(0), record(1)])
        assert await database.pool.fetchval("SELECT count(*) FROM command.probe") == 2
    assert letters.refused == []


async def test_data_that_postgres_refuses_is_isolated_with_the_record_that_has_it() -> None:
    async def apply(transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        numbers = ["soon" if incoming.message.text == "bad" else "1" for incoming in messages]
        await transaction.connection.execute("SELECT n::int FROM unnest($1::text[]) AS n", numbers)
        await write(transaction, messages)

    async with worked_by(apply) as (database, worker, letters):
        assert await handle_all(worker, [record(0), record(1, text="bad"), record(2)]) == 3
        assert await database.pool.fetchval("SELECT count(*) FROM command.probe") == 2
    assert letters.refused == [(1, Reason.HANDLER_ERROR)]


@pytest.mark.parametrize(("clashes", "refused"), [(2, []), (99, [(0, Reason.HANDLER_ERROR)])])
async def test_who_lost_a_race_for_a_row_tries_again(clashes: int, refused: list[Any]) -> None:
    remaining = [clashes]

    async def apply(transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        if remaining[0]:
            remaining[0] -= 1
            await transaction.connection.execute("INSERT INTO command.probe VALUES ('x'), ('x')")
        await write(transaction, messages)

    async with worked_by(apply) as (_database, worker, letters):
        await handle_all(worker, [record(0)])
    assert letters.refused == refused


async def test_what_is_too_large_for_its_topic_never_reaches_the_outbox() -> None:
    """Each of the three ways to queue a message; the others of its batch leave as ever."""
    most = PAGE_ANSWERS.max_bytes

    async def apply(transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        for incoming in messages:
            value = b"x" * (most if incoming.message.text == "printed" else 9)
            transaction.publish_encoded(PAGE_ANSWERS, "k", f"a-{incoming.message.id}", value)
        rows = [
            (
                "k",
                f"b-{incoming.message.id}",
                b"x" * (most if incoming.message.text == "new" else 9),
            )
            for incoming in messages
        ]
        await transaction.publish_new(PAGE_ANSWERS, (row for row in rows))

    async with worked_by(apply) as (database, worker, letters):
        texts = ["", "printed", "", "new", ""]
        await handle_all(worker, [record(n, text=text) for n, text in enumerate(texts)])
        sizes = await database.pool.fetch("SELECT length(value) AS n FROM command.outbox")
    assert sorted(letters.refused) == [(1, Reason.HANDLER_ERROR), (3, Reason.HANDLER_ERROR)]
    assert [row["n"] for row in sizes] == [9] * 6


class CountingPublisher:
    """Takes the place of the publisher and counts the batches that it was given."""

    producer = object()

    def __init__(self) -> None:
        self.batches = 0

    async def begin(
        self, _producer: object, _records: Iterable[OutboundRecord], _timeout_s: float
    ) -> None:
        self.batches += 1

    async def confirm(self, _pending: object, _timeout_s: float) -> None:
        pass


@pytest.mark.parametrize("fault", ["read only", "no right to delete"])
async def test_the_relay_publishes_nothing_that_it_cannot_delete(fault: str) -> None:
    breaks, mends = FAULTS["the database may only be read"]
    if fault == "no right to delete":
        breaks = "ALTER DATABASE {} SET role = reader"
        mends = "ALTER DATABASE {} RESET role"
    publisher: Any = CountingPublisher()
    async with a_database() as database:
        await database.pool.execute(
            "DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$; "
            "GRANT USAGE ON SCHEMA command TO reader; GRANT SELECT ON command.outbox TO reader"
        )
        metrics = RuntimeMetrics(CollectorRegistry())
        relay = OutboxRelay(database, publisher, TroubledPartitions(database, publisher, metrics))
        async with database.transaction() as transaction:
            await transaction.publish_new(PAGE_ANSWERS, [("k", "one", b"{}")])
        async with database.pool.acquire() as owner:
            await reconnected(database, breaks)
            for _ in range(3):
                with pytest.raises(Transient):
                    await relay.publish_waiting()
            assert publisher.batches == 0
            name = await owner.fetchval("SELECT current_database()")
            await owner.execute("BEGIN READ WRITE; " + mends.format(f'"{name}"') + "; COMMIT")
        await database.pool.expire_connections()
        assert not await relay.publish_waiting()
        assert publisher.batches == 1
        assert await database.pool.fetchval("SELECT count(*) FROM command.outbox") == 0


async def test_ids_of_one_topic_say_nothing_of_anothers() -> None:
    """A report under the id of an acknowledgement to come does not make that a dead letter."""
    handled: list[tuple[str, str]] = []

    async def apply(_transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        handled.extend((incoming.topic, incoming.message.id) for incoming in messages)

    async with worked_by(apply) as (database, worker, letters):
        step = record(0)
        event_id = ACKNOWLEDGEMENTS.model.validate_json(step.value).id
        await database.pool.execute(
            "INSERT INTO command.inbox (topic, event_id, body_hash) VALUES ('other', $1, 'x')",
            event_id,
        )
        await worker.handle([step])
        await worker.handle([record(1, step.value)])
    assert handled == [(ACKNOWLEDGEMENTS.name, event_id)]
    assert letters.refused == []


async def test_every_copy_of_a_refused_id_is_a_letter_and_a_good_repeat_is_none() -> None:
    good, bad, worse = record(0), record(0, text="other"), record(0, text="third")
    applied: list[int] = []

    async def apply(_transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        applied.extend(message.offset for message in messages)

    async with worked_by(apply) as (database, worker, letters):
        await worker.handle([good])
        values = [bad, bad, good, worse, good, bad]
        await worker.handle(
            [record(n, fresh_record.value) for n, fresh_record in enumerate(values, 1)]
        )
        assert sorted(letters.refused) == [
            (1, Reason.ID_CONFLICT),
            (2, Reason.ID_CONFLICT),
            (4, Reason.ID_CONFLICT),
            (6, Reason.ID_CONFLICT),
        ]
        # A sender's doing never counts for the limit that blocks a partition.
        assert await database.pool.fetchval("SELECT count(*) FROM command.bug_letters") == 0
        letters.refused.clear()
        # A new id: the first body holds, whatever else lies in the batch.
        fresh = [record(20), record(20, text="other"), record(20), record(20, text="other")]
        await worker.handle(
            [record(n, fresh_record.value) for n, fresh_record in enumerate(fresh, 7)]
        )
        assert sorted(letters.refused) == [(8, Reason.ID_CONFLICT), (10, Reason.ID_CONFLICT)]
    assert applied == [0, 7]


async def test_every_copy_of_what_the_service_refuses_is_a_letter_and_is_decided_once() -> None:
    decided: list[int] = []

    async def apply(transaction: Transaction, messages: Sequence[InboundMessage]) -> None:
        for incoming in messages:
            decided.append(incoming.offset)
            if incoming.message.text == "refuse me":
                transaction.refuse(
                    incoming.message, Reject(Reason.NOT_ALLOWED, "asked \x00 for it")
                )

    async with worked_by(apply) as (_database, worker, letters):
        bad = record(0, text="refuse me")
        values = [bad, record(1), bad, record(0), bad]
        batch = [record(n, value.value) for n, value in enumerate(values)]
        await worker.handle(batch[:4])
        await worker.handle(batch[4:])
        refused = [(0, Reason.NOT_ALLOWED), (2, Reason.NOT_ALLOWED), (4, Reason.NOT_ALLOWED)]
        assert sorted(letters.refused) == [*refused[:2], (3, Reason.ID_CONFLICT), refused[2]]
        assert letters.details[4] == cleaned(letters.details[0])
        assert decided == [0, 1], "a repeat costs a look at the inbox"
        # A person sends it again, after the reason of the refusal is mended: decided once more.
        replayed = replace(batch[4], offset=5, headers=(("replay-of", b"0@0"),))
        await worker.handle([replayed, replace(replayed, offset=6), replace(batch[4], offset=7)])
        assert decided == [0, 1, 5]
        assert sorted(letters.refused)[4:] == [(offset, Reason.NOT_ALLOWED) for offset in (5, 6, 7)]
        # A corrected body under the same id: it is the body of the id from then on.
        letters.refused.clear()
        mended = replace(record(0, text="mended"), offset=8, headers=replayed.headers)
        await worker.handle([mended, replace(mended, offset=9), replace(batch[4], offset=10)])
        assert decided[-1] == 8
        assert letters.refused == [(10, Reason.ID_CONFLICT)]
