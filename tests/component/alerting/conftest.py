"""One migrated database for the module, emptied before each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.component.alerting.harness import Station, a_station
from tests.support.postgres import fresh_database


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    """Address of a migrated database."""
    with fresh_database() as address:
        yield address


@pytest.fixture
async def station(dsn: str) -> AsyncIterator[Station]:
    """The service over an empty database."""
    async with a_station(dsn) as found:
        yield found
