"""Duties to report 信息报送: a report ends the calls about it."""

from __future__ import annotations

from services.notify.core.subjects.report_duties import end_calls_about_reports
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.reports import ReportDuty
from shared.contracts.topics import REPORT_DUTIES
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(duty: ReportDuty, unit: UnitOfWork) -> None:
    """A duty to report needs its last version and the escalations about it."""
    unit.need_report_duty(duty.duty_id)


@router.subscriber(REPORT_DUTIES, load=load)
async def handle_report_duty(duty: ReportDuty, unit: UnitOfWork) -> None:
    """End the calls about reports that were made, or are not owed any more."""
    end_calls_about_reports(duty, unit.working_set)
