"""Upward reports: a row of `report`, a fact of the case."""

from __future__ import annotations

from operator import attrgetter, itemgetter

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
from shared.contracts.reports import Report
from shared.contracts.topics import REPORTS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def _facts(event: Report) -> str:
    return event.facts.model_dump_json(exclude_none=True) if event.facts else "{}"


TABLE = Projection(
    "report",
    key=("id",),
    columns=(
        *text("id", "incident_id", "status", "kind"),
        *integer("number"),
        *text("means", "from_unit", "to_unit", "origin_unit", "place"),
        *text("event_type", "reporter_role", "headline"),
        column("body", "text", attrgetter("text")),
        *boolean("restricted"),
        *text("follows", "warning_id"),
        column("facts", "jsonb", _facts),
        *time("occurred_at", "sent_at"),
    ),
    newer=None,
    rank=itemgetter("sent_at"),
)


def report_case_fact(event: Report) -> Row:
    """Return the fact of the case.

    The rights to read a restricted report are checked where it is read (features/reports), not
    here.
    """
    return case_fact(
        event,
        "report",
        event.incident_id,
        event.kind,
        event.id,
        event.place,
        version=event.number,
        actor=event.reporter_id,
        means=event.means,
        to_unit=event.to_unit,
        headline="" if event.restricted else event.headline,
    )


@router.subscriber(REPORTS)
async def handle_report(event: Report, unit: UnitOfWork) -> None:
    """Show an upward report."""
    unit.add(TABLE, event)
    unit.add_case_fact(report_case_fact(event))
