"""Tables of the read model: bulk upserts in which a newer row wins, in any order of arrival."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from shared.runtime.database import Transaction

Row = dict[str, Any]

_SCHEMA = "console"


@dataclass(frozen=True)
class Column:
    """One column: its name, its SQL type, and how its value is read from a record."""

    name: str
    sql_type: str
    value: Callable[[Any], Any]


def column(name: str, sql_type: str, value: Callable[[Any], Any] | None = None) -> Column:
    """Return a column; without `value` for the attribute of its name."""
    return Column(name, sql_type, value or attrgetter(name))


def text(*names: str) -> tuple[Column, ...]:
    """Return columns of text for the attributes of these names."""
    return tuple(column(name, "text") for name in names)


def integer(*names: str) -> tuple[Column, ...]:
    """Return columns of whole numbers for the attributes of these names."""
    return tuple(column(name, "int") for name in names)


def boolean(*names: str) -> tuple[Column, ...]:
    """Return columns of truth values for the attributes of these names."""
    return tuple(column(name, "boolean") for name in names)


def time(*names: str) -> tuple[Column, ...]:
    """Return columns of moments for the attributes of these names."""
    return tuple(column(name, "timestamptz") for name in names)


@dataclass(frozen=True)
class Projection:
    """One table: its columns, its key, and the condition for an update.

    `newer` compares the row `excluded` with the row `old`; with None the first row stays. Within a
    batch, the row of a key with the largest `rank` is written.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    newer: str | None = "excluded.version > old.version"
    rank: Callable[[Row], Any] = lambda row: row["version"]

    def row(self, message: Any) -> Row:
        """Return the row that a record becomes."""
        return {column.name: column.value(message) for column in self.columns}

    @cached_property
    def statement(self) -> str:
        """One INSERT for any number of rows, with one array per column as parameters.

        Arrays of text travel as JSON, since an array of arrays has to be rectangular.
        """
        names = ", ".join(column.name for column in self.columns)
        arrays = ", ".join(
            f"${number}::{'jsonb' if _is_array(column) else column.sql_type}[]"
            for number, column in enumerate(self.columns, start=1)
        )
        values = ", ".join(
            f"ARRAY(SELECT jsonb_array_elements_text(input.{column.name}))"
            if _is_array(column)
            else f"input.{column.name}"
            for column in self.columns
        )
        conflict = "DO NOTHING"
        if self.newer:
            changes = ", ".join(
                f"{column.name} = excluded.{column.name}"
                for column in self.columns
                if column.name not in self.key
            )
            conflict = f"DO UPDATE SET {changes} WHERE {self.newer}"
        return (
            f"INSERT INTO {_SCHEMA}.{self.table} AS old ({names}) SELECT {values} "  # noqa: S608
            f"FROM unnest({arrays}) AS input({names}) "
            f"ON CONFLICT ({', '.join(self.key)}) {conflict}"
        )


async def upsert(
    transaction: Transaction, projection: Projection, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write `rows`, at most one per key, in one statement."""
    if rows:
        parameters = [
            [
                json.dumps(row[column.name]) if _is_array(column) else row[column.name]
                for row in rows
            ]
            for column in projection.columns
        ]
        await transaction.connection.execute(projection.statement, *parameters)


def _is_array(column: Column) -> bool:
    return column.sql_type.endswith("[]")
