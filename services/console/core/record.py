"""A row by column name, whether Postgres or a test made it."""

from __future__ import annotations

from typing import Any, Protocol

Json = dict[str, Any]
"""An object of JSON, by name."""


class Record(Protocol):
    """Anything that gives a value for a column's name."""

    def __getitem__(self, name: str, /) -> Any:
        """The value of a column; KeyError when there is none."""
        ...
