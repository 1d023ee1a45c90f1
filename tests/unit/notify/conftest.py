"""A desk on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.postgres import fresh_database
from tests.unit.notify.harness import Desk, a_service_on


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def desk(dsn: str) -> AsyncIterator[Desk]:
    async with a_service_on(dsn) as service:
        yield service
