"""Queries of the list of cases: incidents with their commands, and commands without an alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.console.core.access import Span
from services.console.features.cases.case import CaseState
from services.console.store.conditions import OPEN_ALERT, OPEN_COMMAND
from services.console.store.connections import Connection, Rows
from services.console.store.patterns import pattern_of
from shared.contracts.fields import Level

_CONCERNS = """((c.root >= $2 AND c.root < $3) OR (c.issuer_unit >= $2 AND c.issuer_unit < $3)
    OR EXISTS (SELECT 1 FROM console.assignment a WHERE a.command_id = c.command_id
        AND a.unit >= $2 AND a.unit < $3))"""

_FIRST = "SELECT min(e.at) FROM console.case_fact e WHERE e.thread"
"""The time of the first fact of a thread; the times of a head are of its newest version only."""


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """The filter of the list; None and empty values mean no restriction.

    `words` must occur in the id, or in the title of a general record, or in the title of a graded
    record of the subtree `own`, or the case lies in or below a unit of `places`. `since` and
    `until` bound the beginning of the case.
    """

    own: Span

    states: Sequence[CaseState] = ()
    level: Level | None = None
    words: str = ""
    places: Sequence[Span] = ()
    since: datetime | None = None
    until: datetime | None = None


async def cases(
    connection: Connection,
    span: Span,
    status: str,
    query: CaseQuery,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Rows:
    """Return cases of a subtree after a cursor (beginning and id), the newest first.

    The id of a case is its incident's first alert, or its command. `general` marks a case whose
    words are open at any grade because a unit of the subtree carries out its command. `open`: part
    of the case is open. `reviewed`: a review exists. `changed`: the time of the last change.
    """
    rows: Rows = await connection.fetch(
        f"""
        WITH mine AS (
            SELECT alert_id, incident_id, sent_at, {OPEN_ALERT} AS open,
                coalesce(({_FIRST} = alert_id AND e.status = $1), occurred_at) AS began
            FROM console.alert
            WHERE status = $1 AND incident_id IN (
                SELECT incident_id FROM console.alert
                WHERE status = $1 AND place >= $2 AND place < $3
                UNION
                SELECT l.incident_id FROM console.command c JOIN console.alert l USING (alert_id)
                WHERE c.status = $1 AND {_CONCERNS})
        ), heads AS (
            SELECT min(began) AS began, max(sent_at) AS changed, bool_or(open) AS open,
                (array_agg(alert_id ORDER BY began, alert_id))[1] AS case_id,
                array_agg(alert_id ORDER BY alert_id) AS alerts
            FROM mine GROUP BY incident_id
        ), found AS (
            SELECT h.began, greatest(h.changed, c.changed) AS changed, h.case_id,
                h.alerts AS called, h.open OR coalesce(c.open, false) AS open,
                coalesce(c.n, 0) AS commands,
                cardinality(h.alerts) AS alerts, l.headline AS title, l.place AS root,
                coalesce(l.level, c.level, l.proposed_level) AS level, l.event_type, l.data_grade
            FROM heads h JOIN console.alert l ON l.alert_id = h.case_id
            CROSS JOIN LATERAL (
                SELECT count(*) AS n, max(sent_at) AS changed, bool_or({OPEN_COMMAND}) AS open,
                    (array_agg(level ORDER BY array_position($11::text[], level)))[1] AS level
                FROM console.command WHERE alert_id = ANY(h.alerts)) AS c
            UNION ALL
            SELECT coalesce(({_FIRST} = c.command_id AND e.status = $1), c.occurred_at), c.sent_at,
                c.command_id, ARRAY[c.command_id], {OPEN_COMMAND}, 1, 0, c.title, c.root,
                c.level, c.event_type, CASE WHEN c.data_grade <> 'general' AND EXISTS (
                    SELECT 1 FROM console.assignment a WHERE a.command_id = c.command_id
                        AND a.unit >= $15 AND a.unit < $16) THEN 'general' ELSE c.data_grade END
            FROM console.command c
            WHERE c.status = $1 AND c.alert_id IS NULL AND {_CONCERNS}
        ), judged AS (
            SELECT found.*, r.reviewed,
                CASE WHEN open THEN 'open' WHEN r.reviewed THEN 'evaluated' ELSE 'closed' END
                    AS state
            FROM found CROSS JOIN LATERAL (
                SELECT EXISTS (SELECT 1 FROM console.case_review
                    WHERE case_review.case_id = ANY(called)) AS reviewed) AS r
        )
        SELECT * FROM judged
        WHERE (cardinality($4::text[]) = 0 OR state = ANY($4)) AND ($5::text IS NULL OR level = $5)
          AND ($6 = '' OR case_id ILIKE $6
            OR (title ILIKE $6 AND (data_grade = 'general' OR (root >= $15 AND root < $16)))
            OR EXISTS (SELECT 1 FROM unnest($7::text[], $8::text[]) AS p(low, high)
                WHERE root >= p.low AND root < p.high))
          AND ($9::timestamptz IS NULL OR began >= $9) AND ($10::timestamptz IS NULL OR began < $10)
          AND ($12::timestamptz IS NULL OR (began, case_id) < ($12, $13::text COLLATE "C"))
        ORDER BY began DESC, case_id COLLATE "C" DESC LIMIT $14
        """,  # noqa: S608 - built of constants
        status,
        span.low,
        span.high,
        [state.value for state in query.states],
        query.level,
        pattern_of(query.words),
        [place.low for place in query.places],
        [place.high for place in query.places],
        query.since,
        query.until,
        ["red", "orange", "yellow", "blue", "notice"],
        None if after is None else after[0],
        None if after is None else after[1],
        limit,
        query.own.low,
        query.own.high,
    )
    return rows
