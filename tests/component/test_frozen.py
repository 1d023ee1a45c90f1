"""A process that freezes inside a transaction, on a real Postgres: what it holds is free again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.runtime import database as runtime
from shared.runtime.database import Database, session_settings
from shared.runtime.errors import Transient
from tests.support.postgres import fresh_database

PATIENCE_S = 60
HOLDER = """
    import asyncio, os, signal, sys
    from shared.runtime.database import Database

    async def main() -> None:
        database = Database(sys.argv[1], "command")
        await database.start()
        async with database.transaction() as work:
            await work.connection.execute(
                "INSERT INTO command.consumer_offset VALUES ('g', 't', 0, 0)"
            )
            await work.connection.fetchval("SELECT pg_advisory_xact_lock(15, 1)")
            if sys.argv[2] == "reading":
                rows = "SELECT repeat('x', 10000) FROM generate_series(1, 5000)"
                asking = asyncio.ensure_future(work.connection.execute(rows))
                for _ in range(5):
                    await asyncio.sleep(0)
                print("holding", flush=True)
                os.kill(os.getpid(), signal.SIGSTOP)
                await asking
            if sys.argv[2] == "copying":
                async def rows():
                    yield ("a", "k", 0, work.now)
                    print("holding", flush=True)
                    await asyncio.Event().wait()
                await work.connection.copy_records_to_table(
                    "timer", schema_name="command", records=rows(),
                    columns=("subject_id", "kind", "rung", "due_at"),
                )
            print("holding", flush=True)
            await asyncio.Event().wait()

    asyncio.run(main())
"""


@pytest.mark.parametrize("while_it_is", ["idle", "copying", "reading"])
async def test_the_locks_of_a_frozen_process_are_free_again(
    while_it_is: str,
) -> None:
    with fresh_database() as dsn:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", textwrap.dedent(HOLDER), dsn, while_it_is),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert child.stdout is not None
            async with asyncio.timeout(PATIENCE_S):
                assert (await child.stdout.readline()).strip() == b"holding"
            child.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            second = Database(dsn, "command")
            await second.start()
            reaping = asyncio.create_task(second.end_frozen_sessions())
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        async with second.transaction() as work:
                            assert await work.connection.fetchval(
                                "SELECT pg_advisory_xact_lock(15, 1) IS NOT NULL"
                            )
                            await work.connection.execute(
                                "INSERT INTO command.consumer_offset VALUES ('g', 't', 0, 1)"
                            )
                        break
                    except Transient:
                        await asyncio.sleep(0.1)
            print("free after", round(time.monotonic() - began, 1), "s")
            reaping.cancel()
            await second.stop()
        finally:
            os.kill(child.pid, signal.SIGCONT)
            child.kill()
            await child.wait()


@pytest.fixture
async def impatient(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """Sessions that are cut after half a second of silence."""

    def settings(name: str) -> dict[str, str]:
        return session_settings(name) | {"idle_in_transaction_session_timeout": "500ms"}

    monkeypatch.setattr(runtime, "session_settings", settings)
    monkeypatch.setattr(runtime, "_KEEP_ALIVE_S", 0.1)
    with fresh_database() as dsn:
        database = Database(dsn, "command")
        await database.start()
        yield database
        await database.stop()


async def test_a_session_that_was_cut_is_transient(impatient: Database) -> None:
    with pytest.raises(Transient):
        async with impatient.transaction() as work:
            await asyncio.sleep(2)
            await work.connection.fetchval("SELECT 1")
    async with impatient.transaction() as work:
        assert await work.connection.fetchval("SELECT 1") == 1


async def test_who_waits_for_something_else_and_says_so_is_not_cut(impatient: Database) -> None:
    async def slow() -> str:
        await asyncio.sleep(2)
        return "done"

    async with impatient.transaction() as work:
        assert await work.wait_for(slow()) == "done"
        assert await work.connection.fetchval("SELECT 1") == 1


async def test_every_session_has_the_limits() -> None:
    with fresh_database() as dsn:
        database = Database(dsn, "command")
        await database.start()
        names = [
            session_setting
            for session_setting in session_settings("x")
            if session_setting != "application_name"
        ]
        values_of_session = {name: await database.pool.fetchval(f"SHOW {name}") for name in names}
        await database.stop()
    assert values_of_session["idle_in_transaction_session_timeout"] == "15s"
    assert values_of_session["statement_timeout"] == "20s"
    assert values_of_session["tcp_keepalives_count"] == "3"
    assert values_of_session["tcp_user_timeout"] == "15000"
    assert asyncpg.IdleInTransactionSessionTimeoutError.sqlstate == "25P03"
