"""One migrated database for the module, emptied before each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.component.alerting.harness import AlertingHarness, alerting_harness
from tests.support.postgres import fresh_database


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    """Yield the address of a migrated database."""
    with fresh_database() as address:
        yield address


@pytest.fixture
async def alerting(dsn: str) -> AsyncIterator[AlertingHarness]:
    """Yield the service over an empty database."""
    async with alerting_harness(dsn) as harness:
        yield harness
