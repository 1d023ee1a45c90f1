"""A console on a fresh database, without a broker."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.console_harness import ConsoleHarness, running_console
from tests.support.postgres import fresh_database


@pytest_asyncio.fixture
async def console() -> AsyncIterator[ConsoleHarness]:
    """Return a running console with a recorder in place of Kafka."""
    with fresh_database() as dsn:
        async with running_console(dsn) as harness:
            yield harness
