"""Connections of a service's pool, on a real Postgres: first come, first served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from shared.runtime.database import Database
from tests.support.postgres import fresh_database

CALLS = 300


@pytest_asyncio.fixture
async def database() -> AsyncIterator[Database]:
    """A pool of two connections."""
    with fresh_database() as dsn:
        database = Database(dsn, "console", size=2)
        await database.start()
        async with database.pool.acquire(), database.pool.acquire():
            pass  # each connection is open from now on
        try:
            yield database
        finally:
            await database.stop()


async def call(database: Database, number: int, order: list[int]) -> None:
    async with database.connection() as connection:
        order.append(number)
        await connection.fetchval("SELECT 1")


async def test_a_waiting_caller_is_not_overtaken(database: Database) -> None:
    order: list[int] = []
    async with asyncio.TaskGroup() as group:
        for number in range(CALLS):
            group.create_task(call(database, number, order))
            for _ in range(number % 7):  # later callers come while earlier ones are woken
                await asyncio.sleep(0)
    assert max(abs(number - place) for place, number in enumerate(order)) <= 1


async def test_a_caller_that_gives_up_leaves_its_place(database: Database) -> None:
    order: list[int] = []
    async with database.connection(), database.connection():
        calls = [asyncio.create_task(call(database, number, order)) for number in range(3)]
        await asyncio.sleep(0)
        calls[0].cancel()
        await asyncio.wait(calls[:1])
        assert order == []
    await asyncio.gather(*calls[1:])
    assert order == [1, 2]
