"""Deadlines missed or near: a row of `supervision`, an event of the feed, a fact of the case."""

from __future__ import annotations

from operator import itemgetter

from services.console.projector.projections.case_facts import case_fact
from services.console.projector.projections.feed_events import FeedEvent, feed_event
from services.console.projector.projections.table import (
    Projection,
    Row,
    column,
    integer,
    text,
    time,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.topics import SUPERVISION
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

_GRAVITY = {kind: rank for rank, kind in enumerate(SupervisionKind)}


def _gravity(event: SupervisionEvent) -> int:
    """Return a number that orders events that fall due at the same moment."""
    return _GRAVITY[event.kind] * 100 + event.rung


TABLE = Projection(
    "supervision",
    key=("subject_id", "clock"),
    columns=(
        *text("subject_id", "clock", "status", "kind"),
        column("gravity", "int", _gravity),
        *text("command_id", "unit"),
        *integer("rung"),
        *text("target_unit", "target_post"),
        *time("due_at"),
        column("late_by_s", "double precision"),
        *text("level", "title", "data_grade"),
        *time("sent_at"),
    ),
    newer="(excluded.due_at, excluded.gravity) > (old.due_at, old.gravity)",
    rank=itemgetter("due_at", "gravity"),
)


def supervision_feed_event(event: SupervisionEvent) -> FeedEvent:
    """Return the event of the feed."""
    return feed_event(
        "supervision",
        event,
        event.unit,
        event.subject_id,
        level=event.level,
        transition=event.kind,
        clock=event.clock,
        headline=event.title,
        rung=event.rung,
        target_unit=event.target_unit,
        target_post=event.target_post,
        late_by_s=event.late_by_s,
    )


def supervision_case_fact(event: SupervisionEvent) -> Row | None:
    """Return the fact of the case; None without a command and an incident."""
    thread = event.command_id if event.command_id is not None else event.incident_id
    if thread is None:
        return None
    return case_fact(
        event,
        "supervision",
        thread,
        event.kind,
        event.subject_id,
        event.unit,
        part=f"{event.clock}:{event.rung}",
        target_unit=event.target_unit,
        target_post=event.target_post,
        late_by_s=event.late_by_s,
    )


def load(event: SupervisionEvent, unit: UnitOfWork) -> None:
    """Name the assignment whose supervision is written."""
    unit.needs_supervised(event.subject_id)


@router.subscriber(SUPERVISION, load=load)
async def handle_supervision(event: SupervisionEvent, unit: UnitOfWork) -> None:
    """Show a deadline that is missed or near; urging is an event, and changes no deadline."""
    if event.kind is not SupervisionKind.URGED:
        unit.add(TABLE, event)
    unit.add_feed_event(supervision_feed_event(event))
    if (fact := supervision_case_fact(event)) is not None:
        unit.add_case_fact(fact)
