"""Contract records of duties and of what their timers find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.command.core.reporting.model import Case, Clock, Duty, Told
from services.command.core.supervision import Call
from shared.contracts.commands import SupervisionEvent
from shared.contracts.ids import escalation_id, transition_id
from shared.contracts.reports import CountedReport, ReportDuty, ReportFacts
from shared.contracts.units import tier_of
from shared.domain.bilingual import Both
from shared.domain.report_series.changes import changes, line, together

_COUNTED = 200
_TEXT_CHARACTERS = 4_000


def duty_event(duty: Duty, case: Case, cause: str, now: datetime) -> ReportDuty:
    """The duty's present state; `cause` is the record that brought it about."""
    return ReportDuty(
        id=transition_id(duty.duty_id, duty.version),
        status=duty.status,
        occurred_at=now,
        sent_at=now,
        origin_unit=duty.unit,
        tier=tier_of(duty.unit),
        areas=(case.place,),
        references=(cause,),
        trace_id=case.trace_id,
        data_grade=case.data_grade,
        duty_id=duty.duty_id,
        version=duty.version,
        alert_id=duty.alert_id,
        incident_id=duty.incident_id,
        event_type=case.event_type,
        place=case.place,
        unit=duty.unit,
        to_unit=duty.to_unit,
        skip_level=duty.skip_level,
        level=duty.level,
        title=case.title,
        state=duty.state,
        mode=duty.mode,
        mode_version=duty.mode_version,
        mode_unit=duty.mode_unit,
        started_at=duty.started_at,
        phone_due=duty.phone_due,
        phone_at=duty.phone_at,
        written_due=duty.written_due,
        written_at=duty.written_at,
        follow_up_due=duty.follow_up_due,
        follow_ups=duty.follow_ups,
        follow_ups_late=duty.follow_ups_late,
        final_due=duty.final_due,
        final_at=duty.final_at,
        reason=duty.reason,
        counted=tuple(
            CountedReport(report_id=one.report_id, late=one.late)
            for one in duty.counted[-_COUNTED:]
        ),
    )


def supervision_of(
    duty: Duty, case: Case, call: Call, reports: Sequence[Told], now: datetime
) -> SupervisionEvent:
    """One call of a duty's timer. Rungs slept through stand in `references` as `skipped-rung:N`."""
    due = duty.running().get(Clock(call.clock), call.due_at)
    subject = f"{duty.duty_id}:{due.isoformat()}:{call.clock}:{call.kind}:{call.number}"
    supervision_id = escalation_id(subject, call.rung)
    unit, post = call.target
    return SupervisionEvent(
        id=supervision_id,
        status=duty.status,
        occurred_at=call.due_at,
        sent_at=now,
        origin_unit=duty.unit,
        tier=tier_of(duty.unit),
        areas=(case.place,),
        references=(
            transition_id(duty.duty_id, duty.version),
            *(f"skipped-rung:{rung}" for rung in call.skipped),
        ),
        trace_id=case.trace_id,
        data_grade=case.data_grade,
        supervision_id=supervision_id,
        kind=call.kind,
        clock=call.clock,
        subject_id=duty.duty_id,
        incident_id=duty.incident_id,
        alert_id=duty.alert_id,
        unit=duty.unit,
        rung=call.rung,
        target_unit=unit,
        target_post=post,
        due_at=call.due_at,
        late_by_s=call.late_by_s,
        level=duty.level,
        title=case.title,
        mode=duty.mode,
        mode_version=duty.mode_version,
        mode_unit=duty.mode_unit,
        text=last_change(duty, reports),
    )


def last_change(duty: Duty, reports: Sequence[Told]) -> str:
    """What the unit's last report changed, as lines for a person; empty when it told nothing.

    What is restricted is not carried into pages.
    """
    told = sorted(
        (
            report
            for report in reports
            if (report.unit, report.to_unit) == (duty.unit, duty.to_unit)
        ),
        key=lambda report: (report.received_at, report.report_id),
    )
    spoken = [one.facts for one in told if not one.restricted]
    if not spoken:
        return ""
    existing_report_facts: ReportFacts = together(spoken[:-1])
    lines = [line(change) for change in changes(existing_report_facts, spoken[-1])]
    return Both("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines)).joined(
        _TEXT_CHARACTERS
    )
