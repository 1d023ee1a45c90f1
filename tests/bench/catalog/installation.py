"""An installation whose ledger has the units of the invented city."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from deploy.local.paths import temporary_root
from deploy.local.stack import Stack
from tests.bench.catalog.ledger_files import units
from tests.bench.log import write_catalogue

_TIMEOUT_S = 60.0


@asynccontextmanager
async def installation(*services: str) -> AsyncIterator[Stack]:
    """Run these services, and remove all at the end. Raises StackError, TimeoutError."""
    stack = Stack(temporary_root("bench-catalog"), services=services, broker="kafka")
    try:
        async with stack:
            entries = units()
            await write_catalogue(stack.kafka_bootstrap, entries)
            await _adopted(stack, len(entries))
            yield stack
    finally:
        stack.discard()


async def _adopted(stack: Stack, count: int) -> None:
    """Wait until the ledger has so many entries."""
    connection = await asyncpg.connect(stack.dsn())
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            while await connection.fetchval("SELECT count(*) FROM catalog.entry") < count:
                await asyncio.sleep(0.1)
    finally:
        await connection.close()
