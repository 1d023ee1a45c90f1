"""A migrated database per module, emptied for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from services.audit.app import build
from services.audit.settings import Settings
from tests.support.postgres import fresh_database
from tests.support.service_driver import driven
from tests.unit.audit.harness import AuditHarness


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def auditor(dsn: str) -> AsyncIterator[AuditHarness]:
    async with driven(build, Settings, dsn) as driver:
        harness = AuditHarness(driver, dsn)
        tables = await harness.rows(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
            "WHERE schemaname = ANY($1) AND tablename <> 'trail_head'",
            ["alerting", "command", "duty", "notify", "console", "audit"],
        )
        await harness.do(f"TRUNCATE {', '.join(row['name'] for row in tables)} CASCADE")
        await harness.do("UPDATE audit.trail_head SET sequence = 0, hash = repeat('0', 64)")
        yield harness
