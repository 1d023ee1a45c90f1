"""Facts of cases: one row of `case_fact` per record, in any order of arrival.

A fact belongs to a thread: an alert, its incident (upward reports and calls for missing reports), a
command, a call (its pages), a page (its answers) or a unit (its modes). The threads of a case are
collected when the case is read, so nothing has to arrive earlier than anything else. `part`
distinguishes facts with equal names: the attempt of an assignment or step, the clock and rung of a
call. `at` is the time at which the owner sent the record, by the clock of the database where a
service has one: the event time of an assignment is the time of its cause, perhaps an hour-old
reading.
"""

from __future__ import annotations

import json
from typing import Any

from services.console.projector.projections.table import (
    Projection,
    Row,
    boolean,
    column,
    integer,
    text,
    time,
)
from shared.contracts.fields import DataGrade
from shared.contracts.units import tier_of

TABLE = Projection(
    "case_fact",
    key=("thread", "at", "event_id"),
    columns=(
        *text("thread"),
        *time("at"),
        *text("event_id", "status", "kind", "event", "part", "subject_id"),
        *integer("version"),
        *text("unit", "tier", "actor"),
        *boolean("late"),
        column("details", "jsonb"),
        column("deadlines", "jsonb"),
    ),
    newer=None,
)


def case_fact(
    message: Any,
    kind: str,
    thread: str,
    event: str,
    subject_id: str,
    unit: str,
    *,
    part: str = "",
    version: int = 0,
    actor: str | None = None,
    late: bool = False,
    **details: Any,
) -> Row:
    """Return the row of a fact; empty values of `details` are left out.

    `deadlines` are those of an attempt of an assignment (projector/handlers/assignments.py).
    """
    if message.data_grade is not DataGrade.GENERAL:
        details["grade"] = message.data_grade
    return {
        "thread": thread,
        "at": message.sent_at,
        "event_id": message.id,
        "status": message.status,
        "kind": kind,
        "event": event,
        "part": part,
        "subject_id": subject_id,
        "version": version,
        "unit": unit,
        "tier": tier_of(unit),
        "actor": actor,
        "late": late,
        "details": json.dumps(
            {name: value for name, value in details.items() if value}, ensure_ascii=False
        ),
        "deadlines": None,
    }
