"""Recorded decisions of a span, as the preview of a draft takes them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from services.console.core.access import Span
from services.console.store.connections import Connection
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level, ResponseMode
from shared.contracts.lifecycles import assignment
from shared.contracts.reports import DutyState, Means, ReportKind
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import tier_of
from shared.domain.limits.preview.recorded import RecordedAttempt, RecordedDuty
from shared.runtime.sql import names

_TIME_LIMIT_S = 15.0
_CALLS = (SupervisionKind.REMINDED, SupervisionKind.ESCALATED)
_STOPPED = assignment.FINAL | {AssignmentState.RETURNED}
"""States that end an attempt without a report."""

_DELIVERIES = f"""
    status = $1 AND event = '{AssignmentState.DELIVERED}' AND deadlines IS NOT NULL
    AND at >= $2 AND at < $3 AND unit >= $4 AND unit < $5"""
"""The deliveries of a period. The facts of their threads are read once, and grouped by attempt."""
_ATTEMPTS = f"""
SELECT * FROM (
    SELECT thread, subject_id, part, min(unit) FILTER (WHERE {_DELIVERIES}) AS unit,
        min(at) FILTER (WHERE {_DELIVERIES}) AS begun_at,
        min(at) FILTER (WHERE deadlines IS NOT NULL) AS set_at,
        (array_agg(deadlines ORDER BY at) FILTER (WHERE deadlines IS NOT NULL))[1] AS first_set,
        (array_agg(deadlines ORDER BY at DESC) FILTER (WHERE deadlines IS NOT NULL))[1] AS last_set,
        min(at) FILTER (WHERE event = '{AssignmentState.SIGNED}') AS signed_at,
        min(at) FILTER (WHERE event = '{AssignmentState.REPORTED}') AS reported_at,
        min(at) FILTER (WHERE event IN {names(_STOPPED)}) AS ended_at
    FROM console.case_fact
    WHERE kind = 'assignment' AND thread = ANY(ARRAY(
        SELECT DISTINCT thread FROM console.case_fact WHERE kind = 'assignment' AND {_DELIVERIES}))
    GROUP BY thread, subject_id, part) AS attempt
WHERE begun_at = set_at
ORDER BY begun_at
"""  # noqa: S608 - our own names
_DUTIES = (
    "SELECT d.*, ARRAY(SELECT r.sent_at FROM jsonb_array_elements(d.counted) AS c "  # noqa: S608
    "JOIN console.report AS r ON r.id = c->>'report_id' "
    f"WHERE r.means = '{Means.WRITTEN}' AND r.kind <> '{ReportKind.FINAL}' "
    "ORDER BY r.sent_at) AS written "
    "FROM console.report_duty AS d WHERE d.status = $1 AND d.started_at >= $2 "
    "AND d.started_at < $3 AND d.unit >= $4 AND d.unit < $5 ORDER BY d.started_at, d.duty_id"
)


async def attempts(
    connection: Connection, status: str, begin: datetime, end: datetime, span: Span
) -> list[RecordedAttempt]:
    """Return the attempts that began in a period, in the order of their beginnings."""
    rows = await connection.fetch(
        _ATTEMPTS, status, begin, end, span.low, span.high, timeout=_TIME_LIMIT_S
    )
    return [_attempt(row) for row in rows]


async def duties(
    connection: Connection, status: str, begin: datetime, end: datetime, span: Span
) -> list[RecordedDuty]:
    """Return the duties to report that began in a period."""
    rows = await connection.fetch(
        _DUTIES, status, begin, end, span.low, span.high, timeout=_TIME_LIMIT_S
    )
    return [_duty(row) for row in rows]


async def calls(
    connection: Connection, status: str, begin: datetime, end: datetime, span: Span
) -> int:
    """Return the number of recorded calls about missed deadlines."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM console.case_fact WHERE kind = 'supervision' "  # noqa: S608
        f"AND event IN {names(_CALLS)} AND status = $1 AND at >= $2 "
        "AND at < $3 AND unit >= $4 AND unit < $5",
        status,
        begin,
        end,
        span.low,
        span.high,
        timeout=_TIME_LIMIT_S,
    )
    return count


def _attempt(row: asyncpg.Record) -> RecordedAttempt:
    first = last = json.loads(row["first_set"])
    if row["last_set"] != row["first_set"]:
        last = json.loads(row["last_set"])
    sign_by, finish_by = _moment(first, "sign_by"), _moment(first, "finish_by")
    extended = _moment(last, "finish_by") if last.get("extended") else None
    return RecordedAttempt(
        assignment_id=row["subject_id"],
        command_id=row["thread"],
        attempt=int(row["part"]),
        unit=row["unit"],
        tier=tier_of(row["unit"]),
        level=Level(first["level"]),
        mode=ResponseMode(first.get("mode", ResponseMode.NORMAL)),
        begun_at=row["begun_at"],
        sign_by=sign_by,
        finish_by=finish_by,
        limits=first.get("limits"),
        signed_at=row["signed_at"],
        reported_at=row["reported_at"],
        ended_at=row["ended_at"],
        sign_moved=_moment(last, "sign_by") - sign_by,
        finish_moved=timedelta() if extended else _moment(last, "finish_by") - finish_by,
        extended=extended,
        parent_id=first.get("parent"),
    )


def _duty(row: asyncpg.Record) -> RecordedDuty:
    limits_id = row["limits_id"]
    return RecordedDuty(
        duty_id=row["duty_id"],
        incident_id=row["incident_id"],
        unit=row["unit"],
        tier=tier_of(row["unit"]),
        level=Level(row["level"]),
        mode=ResponseMode(row["mode"]),
        skip_level=row["skip_level"],
        started_at=row["started_at"],
        phone_due=row["phone_due"],
        written_due=row["written_due"],
        limits=None if limits_id is None else f"{limits_id}:{row['limits_version']}",
        phone_at=row["phone_at"],
        written=tuple(row["written"]),
        final_due=row["final_due"],
        final_at=row["final_at"],
        ended_at=row["sent_at"] if row["state"] == DutyState.ENDED else None,
    )


def _moment(deadlines: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(deadlines[name])
