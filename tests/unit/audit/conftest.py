"""A migrated database per module, emptied for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from shared.runtime.database import Database
from tests.support.postgres import fresh_database
from tests.unit.audit.harness import Auditor


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def auditor(dsn: str) -> AsyncIterator[Auditor]:
    database = Database(dsn, "audit")
    await database.start(10)
    found = Auditor(database, dsn)
    tables = await found.rows(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname = ANY($1) AND tablename <> 'trail_head'",
        ["alerting", "command", "duty", "notify", "console", "audit"],
    )
    await found.do(f"TRUNCATE {', '.join(row['name'] for row in tables)} CASCADE")
    await found.do("UPDATE audit.trail_head SET sequence = 0, hash = repeat('0', 64)")
    yield found
    await database.stop()
