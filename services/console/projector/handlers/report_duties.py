"""Obligations to report: a row of `report_duty`."""

from __future__ import annotations

import json

from services.console.projector.projections.table import (
    Projection,
    boolean,
    column,
    integer,
    text,
    time,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.reports import ReportDuty
from shared.contracts.topics import REPORT_DUTIES
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def _counted(event: ReportDuty) -> str:
    return json.dumps([report.model_dump() for report in event.counted])


TABLE = Projection(
    "report_duty",
    key=("duty_id",),
    columns=(
        *text("duty_id", "status"),
        *integer("version"),
        *text("alert_id", "incident_id", "event_type", "place", "unit", "to_unit"),
        *boolean("skip_level"),
        *text("level", "title", "state"),
        *time("started_at", "phone_due", "phone_at"),
        *time("written_due", "written_at", "follow_up_due"),
        *integer("follow_ups", "follow_ups_late"),
        *time("final_due", "final_at"),
        *text("reason"),
        column("counted", "jsonb", _counted),
        *time("sent_at"),
        *text("mode", "limits_id"),
        *integer("limits_version"),
    ),
)


@router.subscriber(REPORT_DUTIES)
async def handle_report_duty(event: ReportDuty, unit: UnitOfWork) -> None:
    """Show an obligation to report."""
    unit.add(TABLE, event)
