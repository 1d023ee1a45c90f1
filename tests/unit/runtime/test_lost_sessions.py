"""Postgres ends a session: the transaction may be retried, whatever the client has noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.console.store.connections import reading
from shared.runtime.database import Database
from shared.runtime.errors import Transient
from tests.support.postgres import running_postgres
from tests.support.postgres_proxy import PostgresProxy

pytestmark = pytest.mark.e2e


async def test_an_idle_session_ended_by_the_server_fails_the_transaction_for_now() -> None:
    async with a_database() as (database, proxy):
        await _end(await _pid(database), proxy)
        with pytest.raises(Transient):
            async with database.transaction():
                raise AssertionError("there is no session to use")
        assert database.ready() is not None
        await _works_again(database, proxy)


async def test_a_session_ended_within_a_transaction_fails_it_for_now() -> None:
    async with a_database() as (database, proxy):
        with pytest.raises(Transient):
            async with database.transaction() as transaction:
                await _end(await transaction.connection.fetchval("SELECT pg_backend_pid()"), proxy)
                await transaction.connection.fetchval("SELECT 1")
        await _works_again(database, proxy)


async def test_a_session_ended_before_the_commit_fails_the_transaction_for_now() -> None:
    async with a_database() as (database, proxy):
        with pytest.raises(Transient):
            async with database.transaction() as transaction:
                await _end(await transaction.connection.fetchval("SELECT pg_backend_pid()"), proxy)
        await _works_again(database, proxy)


async def test_a_session_ended_under_a_reader_fails_the_reading_for_now() -> None:
    async with a_database() as (database, proxy):
        await _end(await _pid(database), proxy)
        with pytest.raises(Transient):
            async with reading(database) as connection:
                await connection.fetchval("SELECT 1")
        await _works_again(database, proxy)


@asynccontextmanager
async def a_database() -> AsyncIterator[tuple[Database, PostgresProxy]]:
    """One session through a proxy that keeps its end back."""
    async with PostgresProxy(running_postgres()).carrying() as proxy:
        database = Database(proxy.dsn, "alerting", size=1)
        await database.start()
        try:
            yield database, proxy
        finally:
            proxy.pass_end()
            await database.stop()


async def _pid(database: Database) -> int:
    async with database.transaction() as transaction:
        pid: int = await transaction.connection.fetchval("SELECT pg_backend_pid()")
    return pid


async def _end(pid: int, proxy: PostgresProxy) -> None:
    """End the session as a stopping server does; its client has heard FATAL and nothing more."""
    connection = await asyncpg.connect(running_postgres())
    try:
        assert await connection.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    finally:
        await connection.close()
    async with asyncio.timeout(5):
        await proxy.closed_by_server.wait()
    await asyncio.sleep(0.05)


async def _works_again(database: Database, proxy: PostgresProxy) -> None:
    """The broken session is not handed out a second time."""
    proxy.pass_end()
    assert await _pid(database) > 0
    assert database.ready() is None
