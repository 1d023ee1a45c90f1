"""Query of the course of commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.console.core.access import Span
from services.console.features.commands.course import Course, CoursePoint
from services.console.store.connections import Connection

_STEPS = 60
"""Most points of a course; between two of them the count is that of the first."""


async def course(
    connection: Connection, command_ids: Sequence[str], span: Span, begin: datetime
) -> Course:
    """Count the first signature and the last report of each assignment since `begin`."""
    rows = await connection.fetch(
        """
        WITH mine AS (
            SELECT signed_at, reported_at, sign_by FROM console.assignment
            WHERE command_id = ANY($1::text[]) AND unit >= $2 AND unit < $3
        ), edge AS (
            SELECT count(*)::int AS total, max(sign_by) AS sign_by, greatest(max(signed_at),
                max(reported_at), $4::timestamptz + interval '1 minute') AS ended
            FROM mine
        ), acts AS (
            SELECT signed_at AS at, 1 AS signed, 0 AS reported FROM mine
            UNION ALL SELECT reported_at, 0, 1 FROM mine
        )
        SELECT edge.total, edge.sign_by, edge.ended,
            CASE WHEN at <= $4::timestamptz THEN 0 ELSE ceil(
                extract(epoch FROM at - $4::timestamptz)
                / extract(epoch FROM edge.ended - $4::timestamptz) * $5::int)::int END AS step,
            coalesce(sum(signed), 0)::int AS signed, coalesce(sum(reported), 0)::int AS reported
        FROM edge LEFT JOIN acts ON at IS NOT NULL
        GROUP BY 1, 2, 3, 4 ORDER BY step
        """,
        list(command_ids),
        span.low,
        span.high,
        begin,
        _STEPS,
    )
    head = rows[0]
    if head["total"] == 0:
        return Course(0, None, ())
    width: timedelta = (head["ended"] - begin) / _STEPS
    points = [CoursePoint(begin, 0, 0)]
    for row in rows:
        if row["step"] is not None:
            last = points[-1]
            points.append(
                CoursePoint(
                    begin + row["step"] * width,
                    last.signed + row["signed"],
                    last.reported + row["reported"],
                )
            )
    return Course(head["total"], head["sign_by"], tuple(points))
