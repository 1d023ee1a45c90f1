"""Queries of the weekly report: the commands of a week, their signing times, who was overdue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.console.core.access import Span
from services.console.store.connections import Connection, Rows

_TIME_LIMIT_S = 10.0
_MISSED = (
    "s.command_id = ANY($1::text[]) AND s.unit >= $2 AND s.unit < $3 AND s.status = $4 "
    "AND s.kind <> 'due_soon'"
)
"""The condition of firings about missed deadlines, also of those that were met later."""


async def commands(
    connection: Connection,
    span: Span,
    status: str,
    begin: datetime,
    end: datetime,
    limit: int,
) -> Rows:
    """Return the commands issued in a period that concern a subtree, the oldest first.

    Root, issuer or a receiving unit is in the subtree. `commands` is the number of all.
    """
    rows: Rows = await connection.fetch(
        """
        SELECT c.*, count(*) OVER () AS commands FROM console.command c
        WHERE c.status = $1 AND c.sent_at >= $4 AND c.occurred_at >= $4 AND c.occurred_at < $5
          AND ((c.root >= $2 AND c.root < $3) OR (c.issuer_unit >= $2 AND c.issuer_unit < $3)
            OR EXISTS (SELECT FROM console.assignment a WHERE a.command_id = c.command_id
                AND a.unit >= $2 AND a.unit < $3))
        ORDER BY c.occurred_at, c.command_id LIMIT $6
        """,
        status,
        span.low,
        span.high,
        begin,
        end,
        limit,
        timeout=_TIME_LIMIT_S,
    )
    return rows


async def signing_times(
    connection: Connection, command_ids: Sequence[str], span: Span
) -> dict[str, tuple[float, float]]:
    """Return seconds from the order to the signature, the median and the slowest, by command."""
    rows = await connection.fetch(
        """
        SELECT a.command_id,
            percentile_cont(0.5) WITHIN GROUP (
                ORDER BY extract(epoch FROM a.signed_at - c.occurred_at)::float8) AS median_s,
            max(extract(epoch FROM a.signed_at - c.occurred_at))::float8 AS slowest_s
        FROM console.command c JOIN console.assignment a USING (command_id)
        WHERE c.command_id = ANY($1::text[]) AND a.unit >= $2 AND a.unit < $3
          AND a.signed_at IS NOT NULL
        GROUP BY a.command_id ORDER BY a.command_id
        """,
        list(command_ids),
        span.low,
        span.high,
        timeout=_TIME_LIMIT_S,
    )
    return {row["command_id"]: (row["median_s"], row["slowest_s"]) for row in rows}


async def missed_by_command(
    connection: Connection, command_ids: Sequence[str], span: Span, status: str
) -> dict[str, int]:
    """Return the number of assignments that missed a deadline, by command."""
    rows = await connection.fetch(
        "SELECT s.command_id, count(DISTINCT s.subject_id) AS missed "  # noqa: S608 - our own
        f"FROM console.supervision s WHERE {_MISSED} GROUP BY s.command_id ORDER BY s.command_id",
        list(command_ids),
        span.low,
        span.high,
        status,
        timeout=_TIME_LIMIT_S,
    )
    return {row["command_id"]: row["missed"] for row in rows}


async def missed_by_unit(
    connection: Connection, command_ids: Sequence[str], span: Span, status: str, limit: int
) -> Rows:
    """Return the units that missed deadlines, the most first; `units` is the number of all.

    `sign` and `finish` count the assignments by the clock that was missed, `rung` is the highest
    rung of an escalation, `late_s` the longest delay that a timer has told.
    """
    rows: Rows = await connection.fetch(
        "SELECT s.unit, count(DISTINCT s.subject_id) AS missed, "  # noqa: S608 - our own
        "count(*) FILTER (WHERE s.clock = 'sign') AS sign, "
        "count(*) FILTER (WHERE s.clock = 'finish') AS finish, max(s.rung) AS rung, "
        "max(s.late_by_s) AS late_s, count(*) OVER () AS units "
        f"FROM console.supervision s WHERE {_MISSED} GROUP BY s.unit "
        "ORDER BY 2 DESC, s.unit LIMIT $5",
        list(command_ids),
        span.low,
        span.high,
        status,
        limit,
        timeout=_TIME_LIMIT_S,
    )
    return rows
