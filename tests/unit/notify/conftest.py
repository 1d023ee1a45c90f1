"""The notify service on an emptied database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.postgres import fresh_database
from tests.unit.notify.harness import NotifyHarness, notify_on


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def notify(dsn: str) -> AsyncIterator[NotifyHarness]:
    async with notify_on(dsn) as harness:
        yield harness
