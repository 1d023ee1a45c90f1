"""A console on a fresh database, without a broker."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.console import Bench, bench
from tests.support.postgres import fresh_database


@pytest_asyncio.fixture
async def console() -> AsyncIterator[Bench]:
    """A running console; what people do lands in its recorder."""
    with fresh_database() as dsn:
        async with bench(dsn) as found:
            yield found
