"""Rows in the tables of all services, for tests that need a state which no service has written."""

from __future__ import annotations

from typing import Any

from shared.runtime.database import Database

VALUES = {
    "text": "'-'",
    "integer": "0",
    "bigint": "0",
    "boolean": "false",
    "ARRAY": "'{}'",
    "jsonb": "'[]'",
    "double precision": "0",
    "bytea": "''",
    "timestamp with time zone": "now()",
}
"""An SQL value for each type of column."""


class TableRows:
    """Runs statements, each in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._required: dict[str, dict[str, str]] = {}

    async def rows(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        async with self.database.transaction() as transaction:
            return list(await transaction.connection.fetch(query, *values))

    async def do(self, statement: str, *values: Any) -> None:
        """Run a statement."""
        async with self.database.transaction() as transaction:
            await transaction.connection.execute(statement, *values)

    async def plant(self, table: str, **values: Any) -> None:
        """Insert a row; a required column without a value and a default gets some value."""
        if table not in self._required:
            required = await self.rows(
                "SELECT column_name, data_type FROM information_schema.columns "
                "WHERE table_schema = $1 AND table_name = $2 AND is_nullable = 'NO' "
                "AND column_default IS NULL AND is_identity = 'NO'",
                *table.split("."),
            )
            self._required[table] = {
                row["column_name"]: VALUES[row["data_type"]] for row in required
            }
        columns = dict(self._required[table])
        columns |= {column: f"${number}" for number, column in enumerate(values, 1)}
        await self.do(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(columns.values())})",
            *values.values(),
        )
