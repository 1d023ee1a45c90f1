"""Messages of other agencies: a row of `agency_warning` each; its end follows from later rows."""

from __future__ import annotations

from services.console.projector.projections.table import Projection, column, text, time
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.reports import ExternalWarning
from shared.contracts.topics import WARNINGS
from shared.domain.agency_warnings import areas_of, validity
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

TABLE = Projection(
    "agency_warning",
    key=("warning_id",),
    columns=(
        column("warning_id", "text", lambda event: event.id),
        *text("status", "source_id", "msg_type", "event_type", "level", "headline"),
        *text("sender_name", "description", "instruction"),
        column("areas", "text[]", areas_of),
        column("ended_ids", "text[]", lambda event: event.references),
        column("starts_at", "timestamptz", lambda event: validity(event, event.occurred_at)[0]),
        column("ends_at", "timestamptz", lambda event: validity(event, event.occurred_at)[1]),
        *text("data_grade"),
        *time("occurred_at", "sent_at"),
    ),
    newer=None,
    rank=lambda row: row["sent_at"],
)


@router.subscriber(WARNINGS)
async def handle_warning(event: ExternalWarning, unit: UnitOfWork) -> None:
    """Keep a message of another agency."""
    unit.add(TABLE, event)
