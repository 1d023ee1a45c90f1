"""Queries of the ledger, in tables of the service `catalog` that the console may only read.

The topic of the ledger has the newest entries alone; the versions and the decisions are nowhere
else. Sources are left out: they have a screen of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.console.core.access import Span
from services.console.store.connections import Connection, Rows
from services.console.store.patterns import pattern_of
from shared.contracts.topics import CATALOG_REQUESTS

_COLUMNS = "key, kind, name, place, version, retired, effective_at"
_VERSION = (
    "h.key, h.version, h.retired, h.by_set_up, h.effective_at, h.actor, h.unit, h.post, h.reason, "
    "h.cause_id, h.body, e.kind, e.place, e.version AS newest"
)
_FROM_HISTORY = (
    "FROM catalog.entry_history h JOIN catalog.entry e ON e.key = h.key "
    "WHERE h.key = $1 AND e.kind <> 'source'"
)


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """A list of entries of a subtree; entries without a place are of every subtree.

    `below` restricts the list to units directly below a unit. `words` occur in name or key.
    """

    span: Span
    kind: str | None = None
    below: str | None = None
    words: str = ""
    retired: bool = False

    @property
    def condition(self) -> str:
        """The condition of the list, with the parameters $1 to $6."""
        return (
            "kind <> 'source' AND ($1::text IS NULL OR kind = $1) AND retired = $2 "
            'AND (place IS NULL OR place COLLATE "C" >= $3 AND place COLLATE "C" < $4) '
            "AND ($5::text IS NULL OR kind = 'unit' AND names @> ARRAY[$5::text]) "
            "AND ($6 = '' OR name ILIKE $6 OR key ILIKE $6)"
        )

    @property
    def parameters(self) -> tuple[object, ...]:
        """The parameters of the condition."""
        return (
            self.kind,
            self.retired,
            self.span.low,
            self.span.high,
            self.below,
            pattern_of(self.words),
        )


async def entries(connection: Connection, query: LedgerQuery, after: str, limit: int) -> Rows:
    """Return the newest versions of entries by key, after a key."""
    rows: Rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM catalog.entry WHERE {query.condition} "  # noqa: S608
        'AND key COLLATE "C" > $7 ORDER BY key COLLATE "C" LIMIT $8',
        *query.parameters,
        after,
        limit,
    )
    return rows


async def total(connection: Connection, query: LedgerQuery) -> int:
    """Return the number of entries of a list."""
    counted = f"SELECT count(*) FROM catalog.entry WHERE {query.condition}"  # noqa: S608
    return int(await connection.fetchval(counted, *query.parameters))


async def versions(connection: Connection, key: str, limit: int) -> Rows:
    """Return the versions of an entry, the newest first."""
    rows: Rows = await connection.fetch(
        f"SELECT {_VERSION} {_FROM_HISTORY} ORDER BY h.version DESC LIMIT $2",
        key,
        limit,
    )
    return rows


async def version_at(
    connection: Connection, key: str, moment: datetime | None
) -> asyncpg.Record | None:
    """Return the version that held at a moment, the newest without one; else None."""
    return await connection.fetchrow(
        f"SELECT {_VERSION} {_FROM_HISTORY} "
        "AND ($2::timestamptz IS NULL OR h.effective_at <= $2) ORDER BY h.version DESC LIMIT 1",
        key,
        moment,
    )


async def newest_versions(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Return the numbers of the newest versions of these keys."""
    rows = await connection.fetch(
        "SELECT key, version FROM catalog.entry WHERE key = ANY($1::text[])", keys
    )
    return {row["key"]: row["version"] for row in rows}


async def decision(connection: Connection, request_id: str) -> asyncpg.Record | None:
    """Return the decision of the ledger on a request, or None."""
    return await connection.fetchrow(
        "SELECT * FROM catalog.decision WHERE request_id = $1", request_id
    )


async def is_request_of(connection: Connection, request_id: str, officer_id: str) -> bool:
    """Return whether the officer has sent a request with this id to the ledger."""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM console.action "
            "WHERE id = $1 AND officer_id = $2 AND topic = $3)",
            request_id,
            officer_id,
            CATALOG_REQUESTS.name,
        )
    )
