"""Upward reports 上报: they meet the obligations of the units that owe them."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from services.command.core.reporting.receiving import (
    ForeignReport,
    IncompleteReport,
    is_upward,
)
from services.command.unit_of_work import Stage, UnitOfWork
from shared.contracts.dead_letter import Reason
from shared.contracts.reports import Report
from shared.contracts.topics import REPORTS
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


def load(report: Report, unit: UnitOfWork) -> None:
    """An upward report needs its incident; reports of apps and hotlines need nothing."""
    if is_upward(report):
        unit.reports.need(report)


@router.subscriber(REPORTS, load=load)
async def handle_report(report: Report, unit: UnitOfWork, record: InboundMessage) -> None:
    """Receive an upward report when commands and modes are written."""
    if is_upward(report):
        acted_at = record.acted_at(unit.transaction.now)
        unit.defer(Stage.REPORTS, partial(_receive, report, unit, acted_at), report)


async def _receive(report: Report, unit: UnitOfWork, acted_at: datetime | None) -> None:
    """Receive a report; raise Reject for one that cannot count."""
    try:
        await unit.reports.receive(report, acted_at)
    except IncompleteReport as error:
        raise Reject(Reason.SCHEMA, str(error)) from error
    except ForeignReport as error:
        raise Reject(Reason.NOT_ALLOWED, str(error)) from error
