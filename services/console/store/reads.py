"""Queries of the screens. A subtree is a range of unit ids (core/access.py), a status never mixes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.console.core.access import Span
from services.console.core.steps import FINISHED_ASSIGNMENTS, OPEN_ALERTS
from services.console.store.connections import Connection
from shared.contracts.fields import LEVEL_ORDER
from shared.contracts.units import lineage

_OPEN_ALERT = f"state IN ({', '.join(repr(str(state)) for state in OPEN_ALERTS)})"
_OPEN_PAGE = "state IN ('queued', 'sent', 'delivered', 'read')"
_FINISHED = ", ".join(repr(str(state)) for state in FINISHED_ASSIGNMENTS)
_GRAVEST = (
    "array_position(ARRAY['red', 'orange', 'yellow', 'blue', 'notice'], "
    "coalesce(level, proposed_level))"
)

Rows = list[asyncpg.Record]


async def open_alerts(connection: Connection, span: Span, status: str) -> Rows:
    """Open alerts of a subtree, the gravest first."""
    rows: Rows = await connection.fetch(
        f"SELECT * FROM console.alert WHERE status = $1 AND {_OPEN_ALERT} "  # noqa: S608
        f"AND place >= $2 AND place < $3 ORDER BY {_GRAVEST}, "
        "score DESC, sent_at DESC, alert_id LIMIT 500",
        status,
        span.low,
        span.high,
    )
    return rows


async def recent_alerts(connection: Connection, span: Span, status: str, limit: int) -> Rows:
    """Alerts of a subtree, open or not, the last changed first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.alert WHERE status = $1 AND place >= $2 AND place < $3 "
        "ORDER BY sent_at DESC, alert_id LIMIT $4",
        status,
        span.low,
        span.high,
        limit,
    )
    return rows


async def alert(connection: Connection, alert_id: str) -> asyncpg.Record | None:
    """One alert."""
    return await connection.fetchrow("SELECT * FROM console.alert WHERE alert_id = $1", alert_id)


async def alarms(connection: Connection, alarm_ids: Sequence[str]) -> Rows:
    """The alarms of an alert, the gravest first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.alarm WHERE alarm_id = ANY($1::text[]) "
        "ORDER BY score DESC, alarm_id LIMIT 100",
        list(alarm_ids),
    )
    return rows


async def recent_alarms(connection: Connection, span: Span, status: str, limit: int) -> Rows:
    """Alarms of a subtree, on or over, the last changed first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.alarm WHERE status = $1 AND place >= $2 AND place < $3 "
        "ORDER BY sent_at DESC, alarm_id LIMIT $4",
        status,
        span.low,
        span.high,
        limit,
    )
    return rows


async def alarms_of_sensor(
    connection: Connection, sensor_id: str, status: str, since: datetime, limit: int
) -> Rows:
    """A sensor's alarms that were on after `since`, the last changed first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.alarm WHERE sensor_id = $1 AND status = $2 "
        "AND (sent_at >= $3 OR transition <> 'cleared') ORDER BY sent_at DESC, alarm_id LIMIT $4",
        sensor_id,
        status,
        since,
        limit,
    )
    return rows


async def silence(connection: Connection, silence_id: str) -> asyncpg.Record | None:
    """One silence."""
    return await connection.fetchrow(
        "SELECT * FROM console.silence WHERE silence_id = $1", silence_id
    )


async def silences(
    connection: Connection, span: Span, unit: str, status: str, standing: bool, limit: int
) -> Rows:
    """Silences within a subtree or over it, the last changed first; `standing`: not ended yet."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.silence WHERE status = $1 "
        "AND (place >= $2 AND place < $3 OR place = ANY($4::text[])) "
        "AND (ended_at IS NULL OR NOT $5) ORDER BY sent_at DESC, silence_id LIMIT $6",
        status,
        span.low,
        span.high,
        lineage(unit),
        standing,
        limit,
    )
    return rows


async def commands_of_alert(connection: Connection, alert_id: str) -> Rows:
    """The commands that an alert caused."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.command WHERE alert_id = $1 ORDER BY sent_at DESC, command_id LIMIT 50",
        alert_id,
    )
    return rows


async def pages(connection: Connection, officer_id: str, *, only_open: bool, limit: int) -> Rows:
    """An officer's own pages on the console, the newest first, with the answer given. Of the open ones
    those that are real come first, of these a recall, then the most urgent: no drill and no storm of blue
    pushes one out of the list."""
    rows: Rows = await connection.fetch(
        "SELECT p.*, a.verb FROM console.page p LEFT JOIN console.answer a USING (page_id, status) "  # noqa: S608
        "LEFT JOIN console.alert AS why ON $2 AND why.alert_id = p.alert_id AND why.state = 'recalled' "
        "WHERE p.officer_id = $1 AND p.channel = 'console' "
        f"AND (NOT $2 OR (p.{_OPEN_PAGE} AND a.verb IS NULL)) "
        "ORDER BY $2 AND p.status <> 'Actual', why.alert_id IS NULL, "
        "CASE WHEN $2 THEN array_position($4::text[], p.level) END DESC, "
        "p.sent_at DESC, p.page_id LIMIT $3",
        officer_id,
        only_open,
        limit,
        list(LEVEL_ORDER),
    )
    return rows


async def page(connection: Connection, page_id: str) -> asyncpg.Record | None:
    """One page with the answer given."""
    return await connection.fetchrow(
        "SELECT p.*, a.verb FROM console.page p LEFT JOIN console.answer a USING (page_id) "
        "WHERE p.page_id = $1",
        page_id,
    )


async def answerable(connection: Connection, officer_ids: Collection[str]) -> Rows:
    """Pages of these officers without an answer on any channel: those that wait for one (`waits`), then
    those whose time is over, each the newest first; at most 50 of a status."""
    rows: Rows = await connection.fetch(
        f"SELECT * FROM (SELECT p.*, p.{_OPEN_PAGE} AS waits, row_number() OVER "  # noqa: S608
        f"(PARTITION BY p.status ORDER BY (p.{_OPEN_PAGE}) DESC, p.sent_at DESC, p.page_id) AS place "
        "FROM console.page p LEFT JOIN console.answer a USING (page_id, status) "
        "WHERE p.officer_id = ANY($1::text[]) AND a.verb IS NULL) AS found "
        "WHERE place <= 50 ORDER BY waits DESC, sent_at DESC, page_id",
        list(officer_ids),
    )
    return rows


async def unwell_sensors(
    connection: Connection, span: Span, status: str, after: str, limit: int
) -> Rows:
    """Sensors that are silent or faulty, by id behind `after`."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.sensor WHERE status = $1 AND state <> 'online' "
        "AND unit >= $2 AND unit < $3 AND sensor_id > $4 ORDER BY sensor_id LIMIT $5",
        status,
        span.low,
        span.high,
        after,
        limit,
    )
    return rows


async def small_counts(connection: Connection, span: Span, status: str) -> asyncpg.Record:
    """Silent sensors, open and missed pages of a subtree; open alerts of drills beside it."""
    row = await connection.fetchrow(
        f"""
        SELECT
          (SELECT count(*) FROM console.sensor WHERE status = $1 AND state <> 'online'
             AND unit >= $2 AND unit < $3) AS sensors_silent,
          (SELECT count(*) FROM console.page p WHERE status = $1 AND {_OPEN_PAGE}
             AND channel = 'console' AND unit >= $2 AND unit < $3
             AND NOT EXISTS (SELECT 1 FROM console.answer a
               WHERE a.page_id = p.page_id AND a.status = p.status)
          ) AS pages_open,
          (SELECT count(*) FROM console.alert WHERE status = 'Exercise' AND {_OPEN_ALERT}
             AND place >= $2 AND place < $3)
          + (SELECT count(*) FROM console.command WHERE status = 'Exercise'
             AND state IN ('issued', 'awaiting_check')
             AND root >= $2 AND root < $3) AS exercises
        """,  # noqa: S608
        status,
        span.low,
        span.high,
    )
    assert row is not None, "a SELECT without FROM has one row"
    return row


async def assignments(
    connection: Connection,
    *,
    span: Span | None,
    unit: str,
    command: str | None,
    state: str | None,
    only_open: bool,
    status: str | None,
    after: str,
    limit: int,
) -> Rows:
    """Assignments of a unit (with a span: of its subtree), by id behind `after`."""
    clauses, values = ["assignment_id > $1"], [after]

    def where(clause: str, *given: Any) -> None:
        slots = [f"${len(values) + n}" for n in range(1, len(given) + 1)]
        clauses.append(clause.format(*slots))
        values.extend(given)

    if span is None:
        where("unit = {}", unit)
    else:
        where("unit >= {} AND unit < {}", span.low, span.high)
    if command is not None:
        where("command_id = {}", command)
    if state is not None:
        where("state = {}", state)
    if status is not None:
        where("status = {}", status)
    if only_open:
        where(f"state NOT IN ({_FINISHED})")
    where("true ORDER BY assignment_id LIMIT {}::int", limit)
    rows: Rows = await connection.fetch(
        f"SELECT * FROM console.assignment WHERE {' AND '.join(clauses)}",  # noqa: S608
        *values,
    )
    return rows


async def assignment(connection: Connection, assignment_id: str) -> asyncpg.Record | None:
    """One assignment."""
    return await connection.fetchrow(
        "SELECT * FROM console.assignment WHERE assignment_id = $1", assignment_id
    )


async def acknowledgements(connection: Connection, assignment_id: str) -> Rows:
    """What a unit and its issuer have written about an assignment; not what a drill tried to."""
    rows: Rows = await connection.fetch(
        "SELECT k.* FROM console.acknowledgement k JOIN console.assignment a "
        "USING (assignment_id, status) WHERE assignment_id = $1 ORDER BY k.sent_at, k.id LIMIT 200",
        assignment_id,
    )
    return rows
