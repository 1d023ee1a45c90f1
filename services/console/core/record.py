"""Rows by column name, as Postgres or a test makes them."""

from __future__ import annotations

from typing import Any, Protocol

Json = dict[str, Any]
"""A JSON object."""


class OutgoingRecord(Protocol):
    """An object that returns the value of a column by its name."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the value of a column. Raises KeyError."""
        ...

    def get(self, name: str, /) -> Any:
        """Return the value of a column; None for a column that is not there."""
        ...
