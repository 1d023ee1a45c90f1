"""A database of an earlier revision takes the later ones with its rows in place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.migrations.runner import upgrade
from tests.support.postgres import running_postgres

pytestmark = pytest.mark.e2e

NAME = "migrated_later"


@pytest.fixture
async def first_revision() -> AsyncIterator[str]:
    """Yield the address of a database as the first revision leaves it."""
    server = running_postgres()
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(f"CREATE DATABASE {NAME} TEMPLATE template0")
        dsn = f"{server.rsplit('/', 1)[0]}/{NAME}"
        await asyncio.to_thread(upgrade, dsn, "0001")
        yield dsn
        await admin.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    finally:
        await admin.close()


async def test_waiting_rows_stay_and_tombstones_fit(first_revision: str) -> None:
    connection = await asyncpg.connect(first_revision)
    insert = (
        "INSERT INTO duty.outbox (event_id, topic, part, key, value) VALUES ($1, 't', 0, 'k', $2)"
    )
    try:
        await connection.execute(insert, "waits", b"{}")
        with pytest.raises(asyncpg.NotNullViolationError):
            await connection.execute(insert, "refused", None)
        await asyncio.to_thread(upgrade, first_revision)
        await asyncio.to_thread(upgrade, first_revision)
        await connection.execute(insert, "tombstone", None)
        rows = await connection.fetch("SELECT event_id, value FROM duty.outbox ORDER BY seq")
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [("waits", b"{}"), ("tombstone", None)]
