"""Queries of the feed. Its events lie in the order of the commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from services.console.core.access import Span, Viewer, span_of
from services.console.store.connections import Connection
from shared.contracts.units import lineage

_COLUMNS = (
    "seq, kind, status, unit_code, officer_id, level, at, data_grade, subject_id, payload, "
    "created_at"
)


async def head(connection: Connection) -> int:
    """Return the largest seq; 0 when the feed is empty."""
    result = await connection.fetchval("SELECT max(seq) FROM console.feed")
    return int(result or 0)


async def after(connection: Connection, seq: int, limit: int) -> list[asyncpg.Record]:
    """Return the events after `seq`, the oldest first, at most `limit`."""
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_COLUMNS} FROM console.feed WHERE seq > $1 ORDER BY seq LIMIT $2",  # noqa: S608
        seq,
        limit,
    )
    return rows


_VISIBLE = (
    "FROM console.feed WHERE seq > $1 "
    "AND ((kind <> 'system' AND unit_code >= $2 AND unit_code < $3) "
    "OR (kind <> 'system' OR NOT $7) AND officer_id = $4 "
    "OR (kind = 'assignments' AND NOT $7 AND unit_code = ANY($5::text[])) "
    "OR (kind = 'mode' AND unit_code = ANY($5::text[]))) "
    "AND ($6::text IS NULL OR status = $6) "
)


class FeedScope(NamedTuple):
    """The visible events of one officer in a subtree; with `status` only events of the status.

    `lineage` holds the unit looked at and the units above, whose hints and modes are shown
    (core/access.py, `visibility_of_event`).
    """

    span: Span
    lineage: Sequence[str]
    officer_id: str
    status: str | None

    def arguments(self, after_seq: int | None, limit: int) -> tuple[object, ...]:
        """Return the parameters of `_VISIBLE` and its LIMIT."""
        low, high = self.span.low, self.span.high
        viewer_arguments = (low, high, self.officer_id, list(self.lineage), self.status)
        return (after_seq or 0, *viewer_arguments, after_seq is None, limit)


def feed_scope_of(viewer: Viewer, status: str | None) -> FeedScope:
    """Return the scope of what the viewer may see."""
    return FeedScope(span_of(viewer.root), lineage(viewer.root), viewer.officer_id, status)


async def visible(
    connection: Connection, scope: FeedScope, after_seq: int | None, limit: int
) -> list[asyncpg.Record]:
    """Return events in the scope: after `after_seq` oldest first, without it the newest first.

    The newest events are read on the screens of events, where no fault of the system appears.
    """
    order = "DESC" if after_seq is None else "ASC"
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_COLUMNS} {_VISIBLE} ORDER BY seq {order} LIMIT $8",
        *scope.arguments(after_seq, limit),
    )
    return rows


async def count_missed(connection: Connection, scope: FeedScope, after_seq: int, limit: int) -> int:
    """Return the number of events in the scope after `after_seq`, query up to `limit`."""
    query = f"SELECT count(*) FROM (SELECT 1 {_VISIBLE} LIMIT $8) AS missed"  # noqa: S608
    return int(await connection.fetchval(query, *scope.arguments(after_seq, limit)))
