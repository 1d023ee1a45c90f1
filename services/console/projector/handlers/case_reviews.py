"""Reviews of cases: a row of `case_review`, a fact of the case."""

from __future__ import annotations

import json
from operator import attrgetter

from services.console.projector.projections.case_facts import case_fact
from services.console.projector.projections.table import Projection, Row, column, text, time
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.cases import CaseReview
from shared.contracts.topics import CASE_REVIEWS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def _findings(event: CaseReview) -> str:
    return json.dumps([finding.model_dump(mode="json") for finding in event.findings])


TABLE = Projection(
    "case_review",
    key=("case_id",),
    columns=(
        *text("case_id"),
        column("review_id", "text", attrgetter("id")),
        *text("status", "officer_id"),
        column("officer_unit", "text", attrgetter("origin_unit")),
        *text("post"),
        column("body", "text", attrgetter("text")),
        column("findings", "jsonb", _findings),
        column("trace_id", "text", lambda event: event.trace_id or event.id),
        *time("sent_at"),
    ),
    # A review is written once: the first one stays.
    newer=None,
    rank=lambda row: -row["sent_at"].timestamp(),
)


def review_case_fact(event: CaseReview) -> Row:
    """Return the fact of the case."""
    return case_fact(
        event,
        "review",
        event.case_id,
        "written",
        event.id,
        event.origin_unit,
        actor=event.officer_id,
        findings=len(event.findings),
    )


@router.subscriber(CASE_REVIEWS)
async def handle_review(event: CaseReview, unit: UnitOfWork) -> None:
    """Show the review of a case."""
    unit.add(TABLE, event)
    unit.add_case_fact(review_case_fact(event))
