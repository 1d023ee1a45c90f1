"""Gaps of duty plans: a row of `duty_coverage`."""

from __future__ import annotations

import json
from operator import attrgetter, itemgetter

from services.console.projector.projections.table import Projection, column, text, time
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.duty import DutyCoverage
from shared.contracts.topics import DUTY_COVERAGE
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def _gaps(event: DutyCoverage) -> str:
    return json.dumps([gap.model_dump(mode="json") for gap in event.gaps])


TABLE = Projection(
    "duty_coverage",
    key=("unit", "post"),
    columns=(
        *text("unit", "post"),
        column("gaps", "text", _gaps),
        column("gap_count", "int", lambda event: len(event.gaps)),
        *text("headline"),
        column("begins_at", "timestamptz", attrgetter("begin")),
        column("ends_at", "timestamptz", attrgetter("end")),
        *time("sent_at"),
    ),
    newer="excluded.sent_at > old.sent_at",
    rank=itemgetter("sent_at"),
)


@router.subscriber(DUTY_COVERAGE)
async def handle_duty_coverage(event: DutyCoverage, unit: UnitOfWork) -> None:
    """Show the gaps of a post."""
    unit.add(TABLE, event)
