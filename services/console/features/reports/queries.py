"""Queries of upward reports and duties; records of different status never mix."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg

from services.console.core.access import Span
from services.console.store.connections import Connection, Rows
from shared.contracts.lifecycles.report_duty import OPEN
from shared.runtime.sql import names

_OPEN = f"state IN {names(OPEN)}"
_GRADE = (
    "coalesce((SELECT a.data_grade FROM console.alert a WHERE a.alert_id = report_duty.alert_id), "
    "'general') AS data_grade"
)
"""The grade of a duty: its title repeats the words of its alert."""


async def reports(connection: Connection, incident_id: str, status: str) -> Rows:
    """Return all reports of an incident, the oldest first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.report WHERE status = $1 AND incident_id = $2 "
        "ORDER BY sent_at, id LIMIT 2000",
        status,
        incident_id,
    )
    return rows


async def duties_of(connection: Connection, incident_id: str, status: str) -> Rows:
    """Return all duties of an incident."""
    rows: Rows = await connection.fetch(
        f"SELECT *, {_GRADE} FROM console.report_duty "  # noqa: S608
        "WHERE status = $1 AND incident_id = $2 ORDER BY started_at, duty_id",
        status,
        incident_id,
    )
    return rows


async def duties(
    connection: Connection, span: Span, status: str, *, only_open: bool, limit: int
) -> Rows:
    """Return duties of a subtree, the open ones first, then the newest."""
    rows: Rows = await connection.fetch(
        f"SELECT *, {_GRADE} FROM console.report_duty "  # noqa: S608
        "WHERE status = $1 AND unit >= $2 AND unit < $3 "
        f"AND (NOT $4 OR {_OPEN}) ORDER BY {_OPEN} DESC, started_at DESC, duty_id LIMIT $5",
        status,
        span.low,
        span.high,
        only_open,
        limit,
    )
    return rows


async def clocks(connection: Connection, span: Span, status: str, *, only_open: bool) -> Rows:
    """Return all duties of a subtree with the columns needed for their clocks."""
    rows: Rows = await connection.fetch(
        "SELECT duty_id, state, phone_due, phone_at, written_due, written_at, "  # noqa: S608
        "follow_up_due, final_due, final_at FROM console.report_duty "
        f"WHERE status = $1 AND unit >= $2 AND unit < $3 AND (NOT $4 OR {_OPEN})",
        status,
        span.low,
        span.high,
        only_open,
    )
    return rows


async def firings(
    connection: Connection, duty_ids: Iterable[str]
) -> dict[tuple[str, str], asyncpg.Record]:
    """Return the newest firing of each clock of these duties, by duty and clock."""
    rows = await connection.fetch(
        "SELECT * FROM console.supervision WHERE subject_id = ANY($1::text[])", list(duty_ids)
    )
    return {(row["subject_id"], row["clock"]): row for row in rows}


async def alert_of(connection: Connection, incident_id: str, status: str) -> asyncpg.Record | None:
    """Return the newest alert of an incident, or None."""
    return await connection.fetchrow(
        "SELECT alert_id, status, place, event_type, trace_id FROM console.alert "
        "WHERE status = $1 AND incident_id = $2 ORDER BY sent_at DESC, alert_id LIMIT 1",
        status,
        incident_id,
    )
