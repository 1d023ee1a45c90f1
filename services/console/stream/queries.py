"""Queries of the feed: its lines lie in the order in which their transactions commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from services.console.core.access import Span, Viewer, span_of
from services.console.store.connections import Connection
from shared.contracts.units import lineage

_COLUMNS = "seq, kind, status, unit_code, officer_id, level, at, data_grade, subject_id, payload, created_at"


async def head(connection: Connection) -> int:
    """The last seq given so far; 0 when the feed is empty."""
    result = await connection.fetchval("SELECT max(seq) FROM console.feed")
    return int(result or 0)


async def after(connection: Connection, seq: int, limit: int) -> list[asyncpg.Record]:
    """Lines behind `seq`, oldest first."""
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_COLUMNS} FROM console.feed WHERE seq > $1 ORDER BY seq LIMIT $2",  # noqa: S608
        seq,
        limit,
    )
    return rows


_VISIBLE = (
    "FROM console.feed WHERE seq > $1 "
    "AND ((unit_code >= $2 AND unit_code < $3) OR officer_id = $4 "
    "OR (kind = 'assignments' AND NOT $7 AND unit_code = ANY($5::text[])) "
    "OR (kind = 'mode' AND unit_code = ANY($5::text[]))) "
    "AND ($6::text IS NULL OR status = $6) "
)


class FeedScope(NamedTuple):
    """Whose lines: one officer's before a subtree. `status` = only lines of this status.

    `lineage` are the unit looked at and those above: hints and modes of theirs (core/access.py, `sees_line`).
    """

    span: Span
    lineage: Sequence[str]
    officer_id: str
    status: str | None

    def arguments(self, after_seq: int | None, limit: int) -> tuple[object, ...]:
        """Of `_VISIBLE` and its LIMIT."""
        low, high = self.span.low, self.span.high
        who = (low, high, self.officer_id, list(self.lineage), self.status)
        return (after_seq or 0, *who, after_seq is None, limit)


def feed_scope_of(viewer: Viewer, status: str | None) -> FeedScope:
    """What the viewer may see."""
    return FeedScope(span_of(viewer.root), lineage(viewer.root), viewer.officer_id, status)


async def visible(
    connection: Connection, sight: FeedScope, after_seq: int | None, limit: int
) -> list[asyncpg.Record]:
    """Lines one officer may see: behind `after_seq` oldest first, or without it the newest first."""
    order = "DESC" if after_seq is None else "ASC"
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_COLUMNS} {_VISIBLE} ORDER BY seq {order} LIMIT $8",
        *sight.arguments(after_seq, limit),
    )
    return rows


async def missed(connection: Connection, sight: FeedScope, after_seq: int, limit: int) -> int:
    """How many lines behind `after_seq` the officer may see, counted up to `limit`."""
    counted = f"SELECT count(*) FROM (SELECT 1 {_VISIBLE} LIMIT $8) AS found"  # noqa: S608
    return int(await connection.fetchval(counted, *sight.arguments(after_seq, limit)))
