"""A desk on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from shared.runtime.database import Database
from tests.support.postgres import fresh_database
from tests.unit.notify.harness import Desk


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def desk(dsn: str) -> AsyncIterator[Desk]:
    database = Database(dsn, "notify")
    await database.start(10)
    async with database.transaction() as work:
        await work.connection.execute(
            "TRUNCATE notify.ladder, notify.page, notify.delivery, notify.alert, "
            "notify.assignment, notify.timer, notify.outbox"
        )
    yield Desk(database)
    await database.stop()
