"""The history of entries: every version of a key, and the version that held at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.catalog.core.versions import Authorship, EntryVersion
from shared.contracts.catalog import CatalogEntry
from shared.contracts.fields import Post

if TYPE_CHECKING:
    import asyncpg

_COLUMNS = "version, retired, by_set_up, body, effective_at, actor, unit, post, reason, cause_id"


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A version, the moment from which it holds, and its authorship."""

    version: EntryVersion
    effective_at: datetime
    authorship: Authorship


async def history(connection: asyncpg.Connection, key: str) -> list[HistoryLine]:
    """Return every version of an entry, the newest first."""
    return _lines(
        await connection.fetch(
            f"SELECT {_COLUMNS} FROM catalog.entry_history "  # noqa: S608
            "WHERE key = $1 ORDER BY key, version DESC",
            key,
        )
    )


async def entry_at(
    connection: asyncpg.Connection, key: str, moment: datetime
) -> HistoryLine | None:
    """Return the version that held at a moment, a retired one too; None before the first."""
    lines = _lines(
        await connection.fetch(
            f"SELECT {_COLUMNS} FROM catalog.entry_history "  # noqa: S608
            "WHERE key = $1 AND effective_at <= $2 ORDER BY key, version DESC LIMIT 1",
            key,
            moment,
        )
    )
    return lines[0] if lines else None


def _lines(rows: Sequence[Any]) -> list[HistoryLine]:
    return [
        HistoryLine(
            EntryVersion(
                row["version"],
                CatalogEntry.from_wire(row["body"]),
                row["retired"],
                row["by_set_up"],
            ),
            row["effective_at"],
            Authorship(
                row["cause_id"],
                row["actor"],
                row["unit"],
                None if row["post"] is None else Post(row["post"]),
                row["reason"],
            ),
        )
        for row in rows
    ]
