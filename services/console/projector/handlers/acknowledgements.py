"""Steps of officers on assignments: a row of `acknowledgement`, a fact of the case."""

from __future__ import annotations

from operator import attrgetter, itemgetter

from services.console.projector.projections.case_facts import case_fact
from services.console.projector.projections.table import (
    Projection,
    Row,
    column,
    integer,
    text,
    time,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.assignments import Acknowledgement
from shared.contracts.topics import ACKNOWLEDGEMENTS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

TABLE = Projection(
    "acknowledgement",
    key=("id",),
    columns=(
        *text("id", "assignment_id", "status", "step"),
        *integer("attempt"),
        *text("officer_id", "officer_unit", "post"),
        column("body", "text", attrgetter("text")),
        *time("sent_at"),
    ),
    newer=None,
    rank=itemgetter("sent_at"),
)


def acknowledgement_case_fact(event: Acknowledgement) -> Row:
    """Return the fact of the case."""
    return case_fact(
        event,
        "acknowledgement",
        event.command_id,
        event.step,
        event.assignment_id,
        event.unit,
        part=str(event.attempt),
        actor=event.officer_id,
        post=event.post,
        text=event.text,
    )


@router.subscriber(ACKNOWLEDGEMENTS)
async def handle_acknowledgement(event: Acknowledgement, unit: UnitOfWork) -> None:
    """Show a step on an assignment."""
    unit.add(TABLE, event)
    unit.add_case_fact(acknowledgement_case_fact(event))
