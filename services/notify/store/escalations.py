"""Escalations with their pages and timers: few statements for each transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any

from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.states import LIVE, EscalationState
from services.notify.core.pages.page_row import PageRow
from services.notify.core.working_set import WorkingSet
from services.notify.store.columns import columns, unnest
from services.notify.store.needed_rows import NeededRows
from shared.contracts.fields import DataGrade, Level, Post, ResponseMode, Status
from shared.contracts.pages import Page, SubjectKind
from shared.runtime.database import Transaction
from shared.runtime.sql import names
from shared.runtime.timers import arm, disarm

ANSWER, LAST_CALL, PROMISE = "answer", "last", "promise"
"""The kinds of the timers of an escalation."""

_COLUMNS = [field.name for field in fields(Escalation)]
_ENUMS: dict[str, type] = {
    "subject_kind": SubjectKind,
    "purpose": Purpose,
    "status": Status,
    "level": Level,
    "post": Post,
    "state": EscalationState,
    "mode": ResponseMode,
    "data_grade": DataGrade,
}
_CHANGING = (
    "unit", "post", "officer_id", "escalation_level", "round", "step", "lapses", "state",
    "due_at", "answered_by", "coming",
)  # fmt: skip
"""The columns that change after the opening."""
_GRADED = ("headline", "text", "data_grade")
"""The columns that change when the data grade of the subject is raised."""
_NOT_CLOSED = f"state <> '{EscalationState.CLOSED}'"
_IDS = "SELECT escalation_id FROM notify.escalation WHERE "


async def lock(transaction: Transaction, escalation_ids: Collection[str]) -> None:
    """Lock escalations in the order of their ids."""
    await transaction.connection.execute(
        "SELECT FROM notify.escalation WHERE escalation_id = ANY($1::text[]) "
        "ORDER BY escalation_id FOR UPDATE",
        list(escalation_ids),
    )


async def find(transaction: Transaction, needed: NeededRows) -> set[str]:
    """Return the escalations that are needed: by id, by page, and by subject if not closed."""
    results = set(needed.escalations)
    searches = (
        (
            needed.pages,
            "SELECT escalation_id FROM notify.page WHERE page_id = ANY($1::text[])",
        ),
        (
            needed.alerts,
            f"{_IDS} alert_id = ANY($1::text[]) AND subject_kind = 'alert' AND {_NOT_CLOSED}",
        ),
        (needed.recalled, f"{_IDS} alert_id = ANY($1::text[]) AND {_NOT_CLOSED}"),
        (
            needed.assignments,
            f"{_IDS} assignment_id = ANY($1::text[]) "
            f"AND assignment_id IS NOT NULL AND {_NOT_CLOSED}",
        ),
        (
            needed.subjects,
            f"{_IDS} subject_id = ANY($1::text[]) "
            f"AND subject_kind IN ('mode', 'roster', 'fault', 'warning') AND {_NOT_CLOSED}",
        ),
        (
            needed.report_duties,
            f"{_IDS} duty_id = ANY($1::text[]) AND duty_id IS NOT NULL AND {_NOT_CLOSED}",
        ),
    )
    for ids, statement in searches:
        if ids:
            rows = await transaction.connection.fetch(statement, list(ids))
            results.update(row["escalation_id"] for row in rows)
    return results


async def load(
    transaction: Transaction, escalation_ids: Collection[str], working_set: WorkingSet
) -> None:
    """Lock escalations and add them, with all their pages, to the working set."""
    if not escalation_ids:
        return
    rows = await transaction.connection.fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM notify.escalation "  # noqa: S608
        "WHERE escalation_id = ANY($1::text[]) ORDER BY escalation_id FOR UPDATE",
        sorted(escalation_ids),
    )
    for row in rows:
        values = {name: _python(name, row[name]) for name in _COLUMNS}
        working_set.add_escalation(Escalation(**values))
    rows = await transaction.connection.fetch(
        "SELECT escalation_id, body FROM notify.page WHERE escalation_id = ANY($1::text[]) "
        "ORDER BY created_at, escalation_level, round, page_id",
        sorted(escalation_ids),
    )
    for row in rows:
        page = Page.from_wire(row["body"])
        working_set.add_page(PageRow(row["escalation_id"], page))


def _python(name: str, value: Any) -> Any:
    return value if value is None or name not in _ENUMS else _ENUMS[name](value)


async def save(transaction: Transaction, working_set: WorkingSet) -> None:
    """Write new and changed escalations, arm their timers, and cancel queued deliveries."""
    new = list(working_set.new_escalations.values())
    changed = list(working_set.changed_escalations.values())
    if new:
        await transaction.connection.execute(
            f"INSERT INTO notify.escalation ({', '.join(_COLUMNS)}) "  # noqa: S608
            f"SELECT * FROM {unnest(_COLUMNS)}",
            *columns(new, _COLUMNS),
        )
    if changed:
        await _update(transaction, changed, _CHANGING, ", changed_at = now()")
        graded = [
            escalation for escalation in changed if escalation.data_grade is not DataGrade.GENERAL
        ]
        if graded:
            await _update(transaction, graded, _GRADED)
        await disarm(transaction, [escalation.escalation_id for escalation in changed])
        await transaction.connection.execute(
            "UPDATE notify.delivery SET state = 'cancelled' "
            "WHERE state = 'queued' AND escalation_id = ANY($1::text[])",
            [
                escalation.escalation_id
                for escalation in changed
                if escalation.state in (EscalationState.ANSWERED, EscalationState.CLOSED)
            ],
        )
    await arm(
        transaction,
        [
            (escalation.escalation_id, kind, escalation.step, escalation.due_at)
            for escalation in (*new, *changed)
            if escalation.due_at is not None and (kind := _timer_kind(escalation.state)) is not None
        ],
        rearm=True,
    )


def _timer_kind(state: EscalationState) -> str | None:
    """Return the kind of a state's timer; an answered escalation has one with a promise."""
    return {
        EscalationState.OPEN: ANSWER,
        EscalationState.EXHAUSTED: LAST_CALL,
        EscalationState.ANSWERED: PROMISE,
    }.get(state)


async def _update(
    transaction: Transaction,
    changed: Sequence[Escalation],
    changing: Sequence[str],
    also: str = "",
) -> None:
    update_columns = ["escalation_id", *changing]
    assignments = ", ".join(f"{name} = new.{name}" for name in changing)
    await transaction.connection.execute(
        f"UPDATE notify.escalation AS old SET {assignments}{also} "  # noqa: S608
        f"FROM {unnest(update_columns)} AS new ({', '.join(update_columns)}) "
        "WHERE old.escalation_id = new.escalation_id",
        *columns(changed, update_columns),
    )


async def count_live(transaction: Transaction) -> dict[tuple[str, str], int]:
    """Return the number of open and of exhausted escalations by state and status."""
    rows = await transaction.connection.fetch(
        "SELECT state, status, count(*) AS n FROM notify.escalation "  # noqa: S608
        f"WHERE state IN {names(LIVE)} GROUP BY state, status"
    )
    return {(row["state"], row["status"]): row["n"] for row in rows}
