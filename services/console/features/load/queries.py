"""Queries of the load: the rows of one unit, and the pages of the officers of its subtree.

Triggers keep the counts (deploy/migrations/sql/45_console_load.sql). A query reads the days of one
period, and gives up after a bounded time.
"""

from __future__ import annotations

from datetime import date

from services.console.core.access import Span
from services.console.store.connections import Connection, Rows

_TIME_LIMIT_S = 2.0


async def by_day(connection: Connection, unit: str, status: str, first: date, last: date) -> Rows:
    """Return the 24 hours of each day, figure, kind and level of a unit's subtree."""
    rows: Rows = await connection.fetch(
        "SELECT day, figure, kind, level, console.sum_hours(hours) AS hours "
        "FROM console.load_count WHERE unit = $1 AND status = $2 AND day BETWEEN $3 AND $4 "
        "GROUP BY day, figure, kind, level ORDER BY day, figure, kind, level",
        unit,
        status,
        first,
        last,
        timeout=_TIME_LIMIT_S,
    )
    return rows


async def first_day(connection: Connection, unit: str, status: str) -> date | None:
    """Return the first day of which something is counted; None without any."""
    day: date | None = await connection.fetchval(
        "SELECT min(day) FROM console.load_count WHERE unit = $1 AND status = $2",
        unit,
        status,
        timeout=_TIME_LIMIT_S,
    )
    return day


async def officers_by_day(
    connection: Connection, span: Span, status: str, first: date, last: date
) -> dict[date, int]:
    """Return the number of officers with a page, by day."""
    rows = await connection.fetch(
        "SELECT day, count(DISTINCT officer_id) AS officers FROM console.page_count "
        "WHERE status = $1 AND day BETWEEN $2 AND $3 AND unit >= $4 AND unit < $5 "
        "GROUP BY day ORDER BY day",
        status,
        first,
        last,
        span.low,
        span.high,
        timeout=_TIME_LIMIT_S,
    )
    return {row["day"]: row["officers"] for row in rows}


async def by_officer(
    connection: Connection,
    span: Span,
    status: str,
    first: date,
    last: date,
    officer_id: str | None,
    limit: int,
) -> Rows:
    """Return the pages of each officer, or of one: sum, days with a page, the most of a day.

    The officer with the most pages comes first. `unit` is that of the newest page; `officers` is
    the number of all.
    """
    rows: Rows = await connection.fetch(
        """
        WITH by_day AS (
            SELECT officer_id, day, sum(pages)::bigint AS pages, max(unit) AS unit
            FROM console.page_count
            WHERE status = $1 AND day BETWEEN $2 AND $3 AND unit >= $4 AND unit < $5
              AND ($6::text IS NULL OR officer_id = $6)
            GROUP BY officer_id, day)
        SELECT officer_id, sum(pages)::bigint AS pages, count(*) AS days, max(pages) AS most,
            (array_agg(unit ORDER BY day DESC))[1] AS unit, count(*) OVER () AS officers
        FROM by_day GROUP BY officer_id ORDER BY 2 DESC, officer_id LIMIT $7
        """,
        status,
        first,
        last,
        span.low,
        span.high,
        officer_id,
        limit,
        timeout=_TIME_LIMIT_S,
    )
    return rows
