"""A database whose clock stands still until it is told to go on: two runs differ by nothing but
their input.

`now()` is found in a schema of our own before Postgres' own one, in every statement and every
default.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg

_STOP = """
CREATE SCHEMA standing;
CREATE TABLE standing.clock (moment timestamptz NOT NULL);
CREATE FUNCTION standing.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT moment FROM standing.clock';
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT table_schema, table_name, column_name FROM information_schema.columns
            WHERE column_default = 'now()' LOOP
        EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I SET DEFAULT standing.now()',
            one.table_schema, one.table_name, one.column_name);
    END LOOP;
    EXECUTE format('ALTER DATABASE %I SET search_path = standing, pg_catalog, public',
        current_database());
END
$$;
"""


class DatabaseClock:
    """The clock of one database; connections made after `stop` go by it."""

    def __init__(self, dsn: str, moment: datetime) -> None:
        self._dsn = dsn
        self.moment = moment

    async def stop(self) -> None:
        """Let the clock stand at its moment."""
        await self._run(_STOP)
        await self._run("INSERT INTO standing.clock VALUES ($1)", self.moment)

    async def passes(self, seconds: float) -> None:
        """So much later."""
        self.moment += timedelta(seconds=seconds)
        await self._run("UPDATE standing.clock SET moment = $1", self.moment)

    async def _run(self, statement: str, *values: object) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()
