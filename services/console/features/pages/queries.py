"""Queries of pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import asyncpg

from services.console.core.paging import ListPosition
from services.console.core.record import OutgoingRecord
from services.console.store.conditions import EVENT_PAGE, OPEN_PAGE, PAGE_MATTER
from services.console.store.connections import Connection, Rows
from services.console.store.ordering import Order, micros, position_parameters, urgency
from shared.contracts.pages import PageState, SubjectKind

_PAGE_WAITS = f"(p.{OPEN_PAGE} AND answer.verb IS NULL)"
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
"""The order of an officer's pages.

Pages without an answer come first, by urgency, then the remaining pages, the newest first.
"""
_JOINED = """
    FROM console.page p LEFT JOIN console.answer AS answer USING (page_id, status)
    LEFT JOIN console.alert AS why ON why.alert_id = p.alert_id
"""
_OWN = f"""
    WHERE p.officer_id = $1 AND p.channel = 'console' AND ($2::text IS NULL OR p.status = $2)
        AND (NOT $3 OR {_PAGE_WAITS})
        AND ($4::boolean IS NULL OR $4 <> (p.{EVENT_PAGE}))
"""
_OWN_PAGES = _JOINED + _OWN
_LATE_UNIT = f"""
    CASE WHEN p.subject_kind = '{SubjectKind.SUPERVISION}' THEN (SELECT late.unit
        FROM console.assignment AS late WHERE late.assignment_id = p.assignment_id) END
"""  # noqa: S608
_MATTERS = f"""
    SELECT (array_agg(page_id ORDER BY turn, turn_id))[1] AS page_id, matter,
        count(*) AS matter_count, count(DISTINCT late_unit) AS late_unit_count,
        (array_remove(array_agg(late_unit ORDER BY turn, turn_id), NULL))[1:40] AS late_units
    FROM (SELECT p.page_id, p.status, {PAGE_MATTER} AS matter, {_LATE_UNIT} AS late_unit,
        {PAGES.columns} {_OWN_PAGES} AND {_PAGE_WAITS}) AS waiting
    GROUP BY status, matter
"""  # noqa: S608
"""The waiting pages of each matter together; the most urgent of them stands for all."""
_MOST_FELLOWS = 2_000


async def pages(
    connection: Connection,
    officer_id: str,
    status: str | None,
    *,
    only_open: bool,
    system: bool | None,
    by_matter: bool,
    after: ListPosition | None,
    limit: int,
) -> Rows:
    """Return an officer's pages on the console after a cursor, with the answers.

    `system`: pages about faults of the system itself, or pages about events. `by_matter`: one
    waiting page per matter, with the number of pages and the late units.

    No drill, no burst of blue pages and no newer page comes before an open page of higher urgency.
    """
    gathered = (
        f"WITH m AS ({_MATTERS}) SELECT m.matter, m.matter_count, m.late_unit_count, "
        f"m.late_units, p.*, answer.verb, {PAGES.columns} {_JOINED} "
        f"LEFT JOIN m ON m.page_id = p.page_id {_OWN} "
        f"AND (m.page_id IS NOT NULL OR NOT {_PAGE_WAITS})"
    )
    plain = f"SELECT p.*, answer.verb, {PAGES.columns} {_OWN_PAGES}"
    rows: Rows = await connection.fetch(
        f"{gathered if by_matter else plain} AND {PAGES.is_after(5, 6)} "
        f"ORDER BY {PAGES.by} LIMIT $7",
        officer_id,
        status,
        only_open,
        system,
        *position_parameters(after),
        limit,
    )
    return rows


async def pages_waiting(
    connection: Connection,
    officer_id: str,
    status: str | None,
    *,
    system: bool | None,
    by_matter: bool,
) -> int:
    """Return the number of pages without an answer, or the number of their matters."""
    number = f"count(DISTINCT (p.status, {PAGE_MATTER}))" if by_matter else "count(*)"
    counted = f"SELECT {number} {_OWN_PAGES}"
    return int(await connection.fetchval(counted, officer_id, status, True, system))


async def calls_of_quorums(connection: Connection, pages: Iterable[OutgoingRecord]) -> Rows:
    """Return the calls, in order, of those of these pages that need more than one officer."""
    ids = {row["escalation_id"] for row in pages if row["quorum"] is not None}
    if not ids:
        return []
    rows: Rows = await connection.fetch(
        "SELECT p.page_id, p.escalation_id, p.start_unit, p.quorum, p.officer_id, p.unit, p.post, "
        "p.round, p.rung, p.state, p.called_at, answer.verb, answer.sent_at AS answered_at "
        "FROM console.page p "
        "LEFT JOIN console.answer AS answer USING (page_id, status) "
        "WHERE p.escalation_id = ANY($1::text[]) AND p.quorum IS NOT NULL "
        "ORDER BY p.called_at NULLS FIRST, p.rung, p.page_id",
        sorted(ids),
    )
    return rows


async def page(connection: Connection, page_id: str) -> asyncpg.Record | None:
    """Return a page with its answer, or None."""
    return await connection.fetchrow(
        "SELECT p.*, a.verb FROM console.page p LEFT JOIN console.answer a USING (page_id) "
        "WHERE p.page_id = $1",
        page_id,
    )


async def fellow_pages(connection: Connection, page_id: str, states: Collection[PageState]) -> Rows:
    """Return waiting pages of the officer about the matter of a page: one per further subject.

    An answer to a page answers all pages about the same subject.
    """
    rows: Rows = await connection.fetch(
        f"WITH lead AS (SELECT p.*, {PAGE_MATTER} AS matter FROM console.page p "  # noqa: S608
        "WHERE p.page_id = $1) "
        f"SELECT DISTINCT ON (p.subject_kind, p.subject_id) p.* {_JOINED} "
        f"JOIN lead ON lead.officer_id = p.officer_id AND lead.status = p.status "
        f"AND lead.matter = {PAGE_MATTER} AND (lead.subject_kind, lead.subject_id) "
        "<> (p.subject_kind, p.subject_id) "
        f"WHERE p.channel = 'console' AND {_PAGE_WAITS} AND p.state = ANY($2::text[]) "
        "ORDER BY p.subject_kind, p.subject_id, p.sent_at DESC, p.page_id LIMIT $3",
        page_id,
        list(states),
        _MOST_FELLOWS,
    )
    return rows


async def answerable(connection: Connection, officer_ids: Collection[str]) -> Rows:
    """Return pages of these officers without an answer on any channel, at most 50 per status.

    Pages within their time come first (`waits`), then expired pages, each the newest first.
    """
    rows: Rows = await connection.fetch(
        f"SELECT * FROM (SELECT p.*, p.{OPEN_PAGE} AS waits, row_number() OVER "  # noqa: S608
        f"(PARTITION BY p.status ORDER BY (p.{OPEN_PAGE}) DESC, p.sent_at DESC, p.page_id) "
        "AS place "
        "FROM console.page p LEFT JOIN console.answer a USING (page_id, status) "
        "WHERE p.officer_id = ANY($1::text[]) AND a.verb IS NULL) AS found "
        "WHERE place <= 50 ORDER BY waits DESC, sent_at DESC, page_id",
        list(officer_ids),
    )
    return rows


async def matter_of_page(connection: Connection, page_id: str) -> asyncpg.Record | None:
    """Return what a page is about: its alert, else its assignment, else its own subject."""
    return await connection.fetchrow(
        "SELECT p.officer_id, p.alert_id, p.assignment_id, p.subject_id, p.status, p.level, "
        "coalesce(assignment.unit, alert.place, p.unit) AS place, p.data_grade "
        "FROM console.page p LEFT JOIN console.alert AS alert ON alert.alert_id = p.alert_id "
        "LEFT JOIN console.assignment AS assignment ON assignment.assignment_id = p.assignment_id "
        "WHERE p.page_id = $1",
        page_id,
    )


async def matter_of_alert(connection: Connection, alert_id: str) -> asyncpg.Record | None:
    """Return an alert as the matter of its pages."""
    return await connection.fetchrow(
        "SELECT alert_id, NULL AS assignment_id, alert_id AS subject_id, status, place, "
        "coalesce(level, proposed_level, 'notice') AS level, data_grade "
        "FROM console.alert WHERE alert_id = $1",
        alert_id,
    )


async def calls(connection: Connection, matter: OutgoingRecord, limit: int) -> Rows:
    """Return the pages about a matter with their answers, in the order of the calls."""
    rows: Rows = await connection.fetch(
        """
        SELECT p.page_id, p.officer_id, p.unit, p.post, p.channel, p.round, p.rung, p.state,
            answer.verb, answer.sent_at AS answered_at,
            coalesce((SELECT min(f.at) FROM console.case_fact f
                WHERE f.thread = coalesce(p.command_id, p.alert_id, p.subject_id)
                AND f.kind = 'page' AND f.subject_id = p.page_id), p.occurred_at) AS called_at
        FROM console.page p LEFT JOIN console.answer AS answer USING (page_id, status)
        WHERE p.status = $1 AND CASE WHEN $2::text IS NOT NULL THEN p.assignment_id = $2
            WHEN $3::text IS NOT NULL THEN p.alert_id = $3 AND p.assignment_id IS NULL
            ELSE p.subject_id = $4 END
        ORDER BY called_at, p.page_id LIMIT $5
        """,
        matter["status"],
        matter["assignment_id"],
        matter["alert_id"],
        matter["subject_id"],
        limit,
    )
    return rows
