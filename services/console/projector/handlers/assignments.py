"""Assignments: a row of `assignment`, counted in an event of the feed, a fact of the case."""

from __future__ import annotations

import json

from services.console.projector.projections.case_facts import case_fact
from services.console.projector.projections.table import (
    Projection,
    Row,
    boolean,
    column,
    integer,
    text,
    time,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.fields import ResponseMode
from shared.contracts.topics import ASSIGNMENTS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

TABLE = Projection(
    "assignment",
    key=("assignment_id",),
    columns=(
        *text("assignment_id", "command_id", "alert_id", "status"),
        *integer("version"),
        *text("unit", "unit_tier", "role", "state", "level", "event_type"),
        *text("title", "instruction", "issuer_unit"),
        *time("sign_by", "finish_by"),
        *integer("attempt"),
        *time("signed_at", "reported_at", "done_at"),
        *boolean("late", "synthetic"),
        *text("reason"),
        column(
            "parent_assignment_id",
            "text",
            lambda event: event.part and event.part.parent_assignment_id,
        ),
        column("release_unit", "text", lambda event: event.part and event.part.release_unit),
        *text("reassigned_from"),
        column("asked_step", "text", lambda event: event.asked and event.asked.step),
        column("asked_text", "text", lambda event: event.asked and event.asked.text),
        column("mandatory", "boolean", lambda event: event.part is None or event.part.mandatory),
        column("asked_until", "timestamptz", lambda event: event.asked and event.asked.until),
        *time("suspended_until"),
        column("extensions", "int", lambda event: event.extension.times if event.extension else 0),
        column(
            "original_finish_by",
            "timestamptz",
            lambda event: event.extension and event.extension.original_finish_by,
        ),
        column(
            "children", "jsonb", lambda event: event.children and event.children.model_dump_json()
        ),
        *text("data_grade"),
        column("trace_id", "text", lambda event: event.trace_id or event.id),
        *time("sent_at"),
    ),
)


def assignment_case_fact(event: AssignmentEvent) -> Row:
    """Return the fact of the case, with the deadlines where an attempt begins or they moved."""
    fact = case_fact(
        event,
        "assignment",
        event.command_id,
        event.state,
        event.assignment_id,
        event.unit,
        part=str(event.attempt),
        version=event.version,
        actor=event.actor,
        late=event.late,
        text=event.reason,
        given=event.part is not None or event.reassigned_from is not None,
    )
    fact["deadlines"] = _deadlines(event)
    return fact


def _deadlines(event: AssignmentEvent) -> str | None:
    """Return the deadlines of an attempt with the level, mode and limits that gave them."""
    moved = event.suspended_s or event.extension is not None
    if event.state is not AssignmentState.DELIVERED and not moved:
        return None
    fields = {
        "sign_by": event.sign_by.isoformat(),
        "finish_by": event.finish_by.isoformat(),
        "level": event.level,
        "mode": None if event.mode is ResponseMode.NORMAL else event.mode,
        "limits": event.limits_id and f"{event.limits_id}:{event.limits_version}",
        "parent": event.part and event.part.parent_assignment_id,
        "extended": event.extension is not None,
    }
    return json.dumps({name: value for name, value in fields.items() if value})


def load(event: AssignmentEvent, unit: UnitOfWork) -> None:
    """Name the assignment that is written."""
    unit.needs_assignment(event.assignment_id)


@router.subscriber(ASSIGNMENTS, load=load)
async def handle_assignment(event: AssignmentEvent, unit: UnitOfWork) -> None:
    """Show an assignment."""
    unit.add(TABLE, event)
    unit.count_assignment(event)
    unit.add_case_fact(assignment_case_fact(event))
