"""Entries of duty plans: a row of `duty_entry`."""

from __future__ import annotations

from services.console.projector.projections.table import (
    Projection,
    boolean,
    column,
    integer,
    text,
    time,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.duty import DutyEntry
from shared.contracts.topics import DUTY_ENTRIES
from shared.domain.roster.timeline import over_at
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

TABLE = Projection(
    "duty_entry",
    key=("unit", "entry_id"),
    columns=(
        *text("unit", "entry_id"),
        *integer("version"),
        column("place", "bigint"),
        *boolean("cancelled"),
        column("over_at", "timestamptz", over_at),
        column("rule", "text", lambda event: event.rule.model_dump_json(exclude_none=True)),
        *text("actor"),
        *time("sent_at"),
    ),
)


@router.subscriber(DUTY_ENTRIES)
async def handle_duty_entry(event: DutyEntry, unit: UnitOfWork) -> None:
    """Show an entry of a duty plan."""
    unit.add(TABLE, event)
