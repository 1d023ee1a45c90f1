"""Queries of upward reports and duties; a status never mixes."""

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
"""A duty is called after its alert: its title is as delicate as the alert's words."""


async def reports(connection: Connection, incident_id: str, status: str) -> Rows:
    """All reports of an incident, oldest first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.report WHERE status = $1 AND incident_id = $2 "
        "ORDER BY sent_at, id LIMIT 2000",
        status,
        incident_id,
    )
    return rows


async def duties_of(connection: Connection, incident_id: str, status: str) -> Rows:
    """All duties about an incident."""
    rows: Rows = await connection.fetch(
        f"SELECT *, {_GRADE} FROM console.report_duty WHERE status = $1 AND incident_id = $2 "  # noqa: S608
        "ORDER BY started_at, duty_id",
        status,
        incident_id,
    )
    return rows


async def duties(
    connection: Connection, span: Span, status: str, *, only_open: bool, limit: int
) -> Rows:
    """Duties of a subtree, the open ones first, then the newest."""
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
    """All duties of a subtree, with no more of each than its clocks are judged by."""
    rows: Rows = await connection.fetch(
        "SELECT duty_id, state, phone_due, phone_at, written_due, written_at, follow_up_due, "  # noqa: S608
        "final_due, final_at FROM console.report_duty "
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
    """The newest firing of each clock of these duties, by duty and clock."""
    rows = await connection.fetch(
        "SELECT * FROM console.supervision WHERE subject_id = ANY($1::text[])", list(duty_ids)
    )
    return {(row["subject_id"], row["clock"]): row for row in rows}


async def alert_of(connection: Connection, incident_id: str, status: str) -> asyncpg.Record | None:
    """The newest alert about an incident."""
    return await connection.fetchrow(
        "SELECT alert_id, status, place, event_type, trace_id FROM console.alert "
        "WHERE status = $1 AND incident_id = $2 ORDER BY sent_at DESC, alert_id LIMIT 1",
        status,
        incident_id,
    )
