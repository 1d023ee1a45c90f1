"""Queries of response modes."""

from __future__ import annotations

import asyncpg

from services.console.core.access import Span
from services.console.store.connections import Connection, Rows
from shared.contracts.lifecycles.mode_proposal import LIVE
from shared.runtime.sql import names

_GRADE = (
    "coalesce((SELECT a.data_grade FROM console.alert a "
    "WHERE a.alert_id = mode_proposal.alert_id), 'general') AS data_grade"
)
"""The grade of the reason: a proposal caused by an alert repeats the alert's words."""


async def decided(connection: Connection, status: str) -> Rows:
    """Return the decisions of all units for a status; inheritance also needs the units above."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.mode WHERE status = $1 ORDER BY unit", status
    )
    return rows


async def live_proposals(connection: Connection, span: Span, status: str) -> Rows:
    """Return the proposals of a subtree that are open or in force, the newest first."""
    rows: Rows = await connection.fetch(
        f"SELECT *, {_GRADE} FROM console.mode_proposal WHERE status = $1 "  # noqa: S608
        f"AND state IN {names(LIVE)} AND unit >= $2 AND unit < $3 "
        "ORDER BY sent_at DESC, proposal_id LIMIT 200",
        status,
        span.low,
        span.high,
    )
    return rows


async def proposal(connection: Connection, proposal_id: str) -> asyncpg.Record | None:
    """Return a proposal by id, or None."""
    return await connection.fetchrow(
        "SELECT * FROM console.mode_proposal WHERE proposal_id = $1", proposal_id
    )
