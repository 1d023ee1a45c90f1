"""Connections for reading: without a transaction; failures of Postgres become Transient."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias, Union

import asyncpg

from shared.runtime.database import Database, is_environment
from shared.runtime.errors import Transient

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

PLAN_EACH = "SET plan_cache_mode = force_custom_plan"
"""The setting that plans each query for its own parameters.

The plan for any list of commands, which Postgres chooses after five queries, takes seconds when
there are the commands of a year.
"""

Connection: TypeAlias = Union[asyncpg.Connection, "PoolConnectionProxy"]
"""A connection, or a connection that a pool has lent."""
Rows: TypeAlias = list[asyncpg.Record]
"""The rows of a query."""


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[Connection]:
    """Lend a connection of the pool. Raises Transient when Postgres fails."""
    try:
        async with database.connection() as connection:
            await connection.execute(PLAN_EACH)
            yield connection
    except Exception as error:
        if not is_environment(error):
            raise
        raise Transient(f"Postgres fails: {type(error).__name__}") from error
