"""Queries of the screens. A subtree is a range of unit ids (core/access.py), a status never mixes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.console.core.access import Span
from services.console.core.paging import Place
from services.console.store.alerts import NEWEST, OPEN_ALERT, since
from services.console.store.connections import Connection
from services.console.store.lateness import IN_WORK, UNSIGNED
from services.console.store.ordering import Order, given, micros, urgency
from services.console.store.rollup import OPEN_COMMAND
from shared.contracts.lifecycles.assignment import OVER
from shared.contracts.lifecycles.page import WAITING
from shared.contracts.units import lineage
from shared.runtime.sql import names

_OPEN_PAGE = f"state IN {names(WAITING)}"
_UNWELL = "status = $1 AND state <> 'online' AND unit >= $2 AND unit < $3"
_FINISHED = names(OVER)
Rows = list[asyncpg.Record]

NEWEST_ALARM = Order(NEWEST.numbers, "alarm_id")
_DUE = f"CASE WHEN a.{UNSIGNED} THEN a.sign_by WHEN a.{IN_WORK} THEN a.finish_by END"
TASKS = Order(urgency("a.status", "why.state", "a.level", _DUE), "a.assignment_id")
"""The order of assignments, the same on every screen: what is due is the clock that runs; one that waits
for somebody else has none."""
_PAGE_WAITS = f"(p.{_OPEN_PAGE} AND answer.verb IS NULL)"
PAGES = Order(
    (
        f"(NOT {_PAGE_WAITS})::int",
        *(
            f"CASE WHEN {_PAGE_WAITS} THEN {number} ELSE 0 END"
            for number in urgency("p.status", "why.state", "p.level", "p.answer_by")
        ),
        f"-{micros('p.sent_at')}",
    ),
    "p.page_id",
)
"""The order of an officer's pages: those that wait for an answer by urgency, then the others, the newest
first."""


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


async def recent_alarms(
    connection: Connection, span: Span, status: str, after: Place | None, limit: int
) -> Rows:
    """Alarms of a subtree behind a place, on or over, the last changed first."""
    rows: Rows = await connection.fetch(
        f"SELECT *, {NEWEST_ALARM.columns} FROM console.alarm "  # noqa: S608
        "WHERE status = $1 AND place >= $2 AND place < $3 "
        f"AND {NEWEST_ALARM.behind(4, 5)} AND {since(4)} "
        'ORDER BY sent_at DESC, alarm_id COLLATE "C" LIMIT $6',
        status,
        span.low,
        span.high,
        *given(after),
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


_OWN_PAGES = f"""
    FROM console.page p LEFT JOIN console.answer AS answer USING (page_id, status)
    LEFT JOIN console.alert AS why ON why.alert_id = p.alert_id
    WHERE p.officer_id = $1 AND p.channel = 'console' AND ($2::text IS NULL OR p.status = $2)
        AND (NOT $3 OR {_PAGE_WAITS})
"""


async def pages(
    connection: Connection,
    officer_id: str,
    status: str | None,
    *,
    only_open: bool,
    after: Place | None,
    limit: int,
) -> Rows:
    """An officer's own pages on the console behind a place, with the answer given: no drill, no storm of
    blue and nothing newer comes before one that is open and more urgent."""
    rows: Rows = await connection.fetch(
        f"SELECT p.*, answer.verb, {PAGES.columns} {_OWN_PAGES} "
        f"AND {PAGES.behind(4, 5)} ORDER BY {PAGES.by} LIMIT $6",
        officer_id,
        status,
        only_open,
        *given(after),
        limit,
    )
    return rows


async def pages_waiting(connection: Connection, officer_id: str, status: str | None) -> int:
    """How many of these pages wait for an answer."""
    counted = f"SELECT count(*) {_OWN_PAGES}"
    return int(await connection.fetchval(counted, officer_id, status, True))


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
        f"SELECT * FROM console.sensor WHERE {_UNWELL} "  # noqa: S608
        'AND sensor_id COLLATE "C" > $4 ORDER BY sensor_id COLLATE "C" LIMIT $5',
        status,
        span.low,
        span.high,
        after,
        limit,
    )
    return rows


async def unwell_total(connection: Connection, span: Span, status: str) -> int:
    """How many sensors of a subtree are silent or faulty."""
    counted = f"SELECT count(*) FROM console.sensor WHERE {_UNWELL}"  # noqa: S608
    return int(await connection.fetchval(counted, status, span.low, span.high))


async def small_counts(connection: Connection, span: Span, status: str) -> asyncpg.Record:
    """Silent sensors, open and missed pages of a subtree; open alerts of drills beside it."""
    row = await connection.fetchrow(
        f"""
        SELECT
          (SELECT count(*) FROM console.sensor WHERE {_UNWELL}) AS sensors_silent,
          (SELECT count(*) FROM console.page p WHERE status = $1 AND {_OPEN_PAGE}
             AND channel = 'console' AND unit >= $2 AND unit < $3
             AND NOT EXISTS (SELECT 1 FROM console.answer a
               WHERE a.page_id = p.page_id AND a.status = p.status)
          ) AS pages_open,
          (SELECT count(*) FROM console.alert WHERE status = 'Exercise' AND {OPEN_ALERT}
             AND place >= $2 AND place < $3)
          + (SELECT count(*) FROM console.command WHERE status = 'Exercise'
             AND {OPEN_COMMAND}
             AND root >= $2 AND root < $3) AS exercises
        """,  # noqa: S608
        status,
        span.low,
        span.high,
    )
    assert row is not None, "a SELECT without FROM has one row"
    return row


@dataclass(frozen=True)
class Tasks:
    """Which assignments: a unit's own (with a span: of its subtree), of one command, state or status."""

    unit: str
    span: Span | None = None
    command: str | None = None
    state: str | None = None
    only_open: bool = False
    status: str | None = None

    def where(self) -> tuple[str, list[Any]]:
        """A condition on `a` and its parameters."""
        clauses: list[str] = []
        values: list[Any] = []

        def add(clause: str, *given: Any) -> None:
            slots = [f"${len(values) + n}" for n in range(1, len(given) + 1)]
            clauses.append(clause.format(*slots))
            values.extend(given)

        if self.span is None:
            add("a.unit = {}", self.unit)
        else:
            add("a.unit >= {} AND a.unit < {}", self.span.low, self.span.high)
        for name in ("command_id", "state", "status"):
            value = getattr(self, name.removesuffix("_id"))
            if value is not None:
                add(f"a.{name} = {{}}", value)
        if self.only_open:
            add(f"a.state NOT IN {_FINISHED}")
        return " AND ".join(clauses), values


async def assignments(
    connection: Connection, wanted: Tasks, after: Place | None, limit: int
) -> Rows:
    """Assignments behind a place, the most urgent first."""
    where, values = wanted.where()
    n = len(values)
    rows: Rows = await connection.fetch(
        f"SELECT a.*, {TASKS.columns} FROM console.assignment a "  # noqa: S608
        f"LEFT JOIN console.alert AS why USING (alert_id) WHERE {where} "
        f"AND {TASKS.behind(n + 1, n + 2)} ORDER BY {TASKS.by} LIMIT ${n + 3}",
        *values,
        *given(after),
        limit,
    )
    return rows


async def assignments_total(connection: Connection, wanted: Tasks) -> int:
    """How many these assignments are."""
    where, values = wanted.where()
    counted = f"SELECT count(*) FROM console.assignment a WHERE {where}"  # noqa: S608
    return int(await connection.fetchval(counted, *values))


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
