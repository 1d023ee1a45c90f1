"""Duties to report 信息报送: a report ends the calls about it."""

from __future__ import annotations

from services.notify.core.escalation import reasons
from services.notify.core.escalation.states import EscalationTrigger
from services.notify.core.subjects.snapshots import ReportDutySnapshot
from services.notify.core.working_set import WorkingSet
from shared.contracts.reports import ReportDuty


def end_calls_about_reports(duty: ReportDuty, working_set: WorkingSet) -> None:
    """Stop calling about the reports that a unit has made by now, or no longer owes."""
    previous = working_set.report_duties.get(duty.duty_id)
    if previous is not None and duty.version <= previous.version:
        return
    snapshot = ReportDutySnapshot(duty.duty_id, duty.status, duty.version, duty.running())
    working_set.update_report_duty(snapshot)
    for escalation in working_set.of_report_duty(duty.duty_id):
        if snapshot.is_fulfilled(escalation.purpose, escalation.occurred_at):
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.SETTLED)
