"""Queries of cases: the heads, the summed timeline, the facts of a unit, rows for the evaluation.

Facts are selected by thread (projector/projections/case_facts.py): the alerts, incidents and
commands of the case, the pages about missing reports, the answers to all pages about these records,
and the response modes of the area during the case. Facts of different status never mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg

from services.console.core.access import Span
from services.console.features.cases.case import CaseFile
from services.console.features.cases.timeline import TimelinePosition
from services.console.store.connections import Connection, Rows
from services.console.store.lateness import LATE

MOST_COMMANDS = 200

_SUMMED = "('assignment', 'supervision', 'page', 'answer')"
"""Kinds with possibly thousands of facts at once; the timeline sums these per tier and time slot.
"""
_CASE_LEVEL = "('alert', 'command', 'mode', 'review')"
"""Kinds about the case as a whole, visible to everybody with access to the case."""
_REPORT_CALLS = """
    SELECT event_id FROM console.case_fact WHERE status = $1 AND thread = ANY($2::text[])
        AND kind = 'supervision' AND part LIKE 'report%'
"""
_FACTS = f"""
    SELECT * FROM console.case_fact WHERE status = $1 AND thread = ANY($2::text[])
    UNION ALL
    SELECT * FROM console.case_fact WHERE status = $1 AND kind = 'answer' AND thread IN (
        SELECT subject_id FROM console.case_fact WHERE thread = ANY($2::text[]) AND kind = 'page')
    UNION ALL
    SELECT * FROM console.case_fact
        WHERE status = $1 AND kind = 'page' AND thread IN ({_REPORT_CALLS})
    UNION ALL
    SELECT * FROM console.case_fact WHERE status = $1 AND kind = 'answer' AND thread IN (
        SELECT subject_id FROM console.case_fact
        WHERE kind = 'page' AND thread IN ({_REPORT_CALLS}))
    UNION ALL
    SELECT * FROM console.case_fact WHERE status = $1 AND kind = 'mode'
        AND thread = ANY($3::text[]) AND ($4::timestamptz IS NULL OR at >= $4)
        AND ($5::timestamptz IS NULL OR at <= $5)
"""  # noqa: S608 - built of constants
_VISIBLE = f"((unit >= $6 AND unit < $7) OR kind IN {_CASE_LEVEL})"
_TURN = f"CASE WHEN kind IN {_CASE_LEVEL} THEN version - 1000000 ELSE version END"
"""The order of facts of a single transaction, with equal times: a command before its assignments.
"""
_IS_LINE = (
    "kind <> 'acknowledgement' AND NOT (kind = 'page' AND event IN ('queued', 'delivered', 'read', "
    "'answered'))"
)
"""The condition of facts in the summed timeline.

Receipts are left out, and facts repeated by the next state of a unit.
"""


async def case(connection: Connection, case_id: str) -> CaseFile | None:
    """Return the case of an alert or a command, or None.

    The case of an alert is its incident, the first alert first, in the order of the list of cases.
    """
    alerts = await connection.fetch(
        "SELECT a.* FROM console.alert a JOIN console.alert named "
        "ON a.incident_id = named.incident_id AND a.status = named.status "
        "WHERE named.alert_id = $1 ORDER BY coalesce((SELECT min(e.at) FROM console.case_fact e "
        "WHERE e.thread = a.alert_id AND e.status = a.status), a.occurred_at), a.alert_id LIMIT 50",
        case_id,
    )
    commands = await connection.fetch(
        "SELECT * FROM console.command WHERE command_id = $1 OR alert_id = ANY($2::text[]) "
        "ORDER BY occurred_at, command_id LIMIT $3",
        case_id,
        [row["alert_id"] for row in alerts],
        MOST_COMMANDS,
    )
    if not alerts and not commands:
        return None
    peaks = await alarm_peaks(connection, [row["alert_id"] for row in alerts])
    result = CaseFile(case_id, tuple(alerts), tuple(commands), peaks=tuple(peaks))
    began = await connection.fetchval(
        "SELECT min(at) FROM console.case_fact WHERE status = $1 AND thread = ANY($2::text[])",
        result.status,
        result.threads,
    )
    return result if began is None else replace(result, began=began)


async def alarm_peaks(connection: Connection, alert_ids: Sequence[str]) -> Rows:
    """Return the alarms with a peak of some alerts, each with `alert_id`."""
    rows: Rows = await connection.fetch(
        "SELECT a.alert_id, l.alarm_id, l.sensor_id, l.level, l.evidence, l.peak, l.peak_at "
        "FROM console.alert a JOIN console.alarm l ON l.alarm_id = ANY(a.alarm_ids) "
        "WHERE a.alert_id = ANY($1::text[]) AND l.peak IS NOT NULL AND NOT l.withdrawn",
        alert_ids,
    )
    return rows


async def takes_part(connection: Connection, case: CaseFile, span: Span) -> bool:
    """Return whether units of a subtree have assignments in the case."""
    result: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM console.assignment WHERE command_id = ANY($1::text[]) "
        "AND unit >= $2 AND unit < $3)",
        case.command_ids,
        span.low,
        span.high,
    )
    return result


async def lines(
    connection: Connection,
    case: CaseFile,
    span: Span,
    *,
    slot_s: int,
    after: TimelinePosition | None,
    limit: int,
) -> Rows:
    """Return lines of the timeline after a cursor, the oldest first.

    Assignments, calls, pages and answers of equal kind, tier and time slot form a line with a
    count; a line of a single fact names its unit. The time of a line is its first fact's.
    """
    rows: Rows = await connection.fetch(
        f"""
        WITH facts AS ({_FACTS}), shown_facts AS (
            SELECT *, {_TURN} AS turn, CASE WHEN kind IN {_SUMMED}
                THEN floor(extract(epoch FROM at) / $8)::text ELSE event_id END AS slot
            FROM facts WHERE {_VISIBLE} AND {_IS_LINE}
        ), lines AS (
            SELECT kind, event, part, tier, min(at) AS at, max(at) AS until,
                min(turn) AS turn, min(event_id) AS event_id, count(*) AS count,
                bool_or(late) AS late, CASE WHEN count(*) = 1 THEN min(unit) END AS unit,
                CASE WHEN count(*) = 1 THEN min(actor) END AS actor,
                CASE WHEN count(*) = 1 THEN min(details::text) END AS details,
                CASE WHEN kind = 'answer' THEN '' ELSE thread END AS thread
            FROM shown_facts
            GROUP BY kind, event, part, tier, slot,
                CASE WHEN kind = 'answer' THEN '' ELSE thread END
        )
        SELECT * FROM lines
        WHERE $9::timestamptz IS NULL
            OR (at, turn, event_id) > ($9, $10::int, $11::text COLLATE "C")
        ORDER BY at, turn, event_id LIMIT $12
        """,  # noqa: S608 - built of constants
        *_fact_parameters(case),
        span.low,
        span.high,
        slot_s,
        *_cursor_parameters(after),
        limit,
    )
    return rows


async def facts_of_unit(
    connection: Connection, case: CaseFile, unit: str, *, after: TimelinePosition | None, limit: int
) -> Rows:
    """Return all facts of a unit, the oldest first, with all texts and receipts."""
    rows: Rows = await connection.fetch(
        f"""
        WITH facts AS ({_FACTS})
        SELECT *, version AS turn, at AS until, 1 AS count FROM facts
        WHERE unit = $6 AND kind NOT IN {_CASE_LEVEL}
          AND ($7::timestamptz IS NULL
            OR (at, version, event_id) > ($7, $8::int, $9::text COLLATE "C"))
        ORDER BY at, version, event_id LIMIT $10
        """,  # noqa: S608 - built of constants
        *_fact_parameters(case),
        unit,
        *_cursor_parameters(after),
        limit,
    )
    return rows


async def unit_rows(connection: Connection, case: CaseFile, span: Span) -> Rows:
    """Return a row per unit and thread within a subtree, for features/cases/evaluation.py.

    `issued_at` is the time of the command, or None for an assignment that was created later from a
    different assignment. `answer_s` is the time from the first page to the first answer in seconds.
    Only pages about orders count; calls for upward reports are not part of the execution.
    """
    rows: Rows = await connection.fetch(
        """
        WITH facts AS (
            SELECT * FROM console.case_fact WHERE status = $1 AND thread = ANY($2::text[])
        ), issued AS (
            SELECT thread, min(at) AS issued_at FROM facts WHERE kind = 'command' GROUP BY thread
        ), given AS (
            SELECT thread, unit, min(tier) AS tier,
                (array_agg(event ORDER BY version DESC, at DESC, event_id))[1] AS state,
                min(at) FILTER (WHERE event = 'delivered') AS delivered_at,
                min(at) FILTER (WHERE event = 'signed') AS signed_at,
                max(at) FILTER (WHERE event = 'reported') AS reported_at,
                bool_or(late) AS late,
                count(*) FILTER (WHERE event = 'returned') AS returned,
                count(*) FILTER (WHERE event = 'reassigned') AS reassigned,
                count(*) FILTER (WHERE event = 'suspended') AS suspended,
                max(part::int) AS attempts,
                bool_and(details ? 'given') AS given_on
            FROM facts WHERE kind = 'assignment' AND unit >= $3 AND unit < $4
            GROUP BY thread, unit
        ), called AS (
            SELECT thread, unit, min(tier) AS tier,
                count(*) FILTER (WHERE event = 'overdue') AS overdue,
                count(*) FILTER (WHERE event = 'escalated') AS escalations
            FROM facts WHERE kind = 'supervision' AND part NOT LIKE 'report%'
                AND unit >= $3 AND unit < $4
            GROUP BY thread, unit
        ), page AS (
            SELECT thread, subject_id, min(unit) AS unit, min(tier) AS tier, min(at) AS at
            FROM facts WHERE kind = 'page' AND unit >= $3 AND unit < $4 GROUP BY thread, subject_id
        ), paged AS (
            SELECT page.thread, page.unit, min(page.tier) AS tier, count(*) AS pages,
                count(reply.at) AS answered,
                extract(epoch FROM min(reply.at) - min(page.at))::float8 AS answer_s
            FROM page CROSS JOIN LATERAL (
                -- One look-up by key each: the planner cannot know how many pages a case has.
                SELECT min(at) AS at FROM console.case_fact
                WHERE thread = page.subject_id AND status = $1 AND kind = 'answer') AS reply
            GROUP BY page.thread, page.unit
        )
        SELECT thread, unit, coalesce(given.tier, called.tier, paged.tier) AS tier, state,
            CASE WHEN given_on THEN NULL ELSE issued_at END AS issued_at,
            delivered_at, signed_at, reported_at, coalesce(late, false) AS late,
            coalesce(returned, 0) AS returned, coalesce(reassigned, 0) AS reassigned,
            coalesce(suspended, 0) AS suspended, coalesce(attempts, 1) AS attempts,
            coalesce(overdue, 0) AS overdue, coalesce(escalations, 0) AS escalations,
            coalesce(pages, 0) AS pages, coalesce(answered, 0) AS answered, answer_s
        FROM given FULL JOIN called USING (thread, unit) FULL JOIN paged USING (thread, unit)
            LEFT JOIN issued USING (thread)
        """,
        case.status,
        case.threads,
        span.low,
        span.high,
    )
    return rows


def _cursor_parameters(
    after: TimelinePosition | None,
) -> tuple[datetime | None, int | None, str | None]:
    return (None, None, None) if after is None else (after.at, after.turn, after.event_id)


def _fact_parameters(
    case: CaseFile,
) -> tuple[str, list[str], Sequence[str], datetime | None, datetime | None]:
    """Return the first five parameters of `_FACTS`."""
    until = case.ended_at if case.is_closed else None
    return case.status, case.threads, case.mode_units, case.began, until


async def review(connection: Connection, called: Sequence[str]) -> asyncpg.Record | None:
    """Return the review of a case by all its ids.

    Merged incidents may bring two reviews; the first is returned.
    """
    return await connection.fetchrow(
        "SELECT * FROM console.case_review WHERE case_id = ANY($1::text[]) "
        "ORDER BY sent_at, case_id LIMIT 1",
        list(called),
    )


async def live_findings(connection: Connection, command_ids: Sequence[str]) -> Rows:
    """Return the progress of the commands of findings.

    `overdue` is true while a step is missing after its deadline.
    """
    rows: Rows = await connection.fetch(
        f"""
        SELECT c.command_id, c.state AS command_state, a.assignment_id, a.state, a.late,
            EXISTS (SELECT 1 FROM console.supervision s WHERE s.subject_id = a.assignment_id
                AND s.status = a.status AND s.command_id = c.command_id AND {LATE}) AS overdue
        FROM console.command c LEFT JOIN console.assignment a USING (command_id)
        WHERE c.command_id = ANY($1::text[])
        """,  # noqa: S608 - built of constants
        list(command_ids),
    )
    return rows
