"""Records of obligations, and of supervision calls about them, in the form of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.command.core.reporting.model import (
    AlertReporting,
    Obligation,
    ReceivedReport,
    ReportClock,
)
from services.command.core.supervision.events import skipped_rungs
from services.command.core.supervision.firing import SupervisionCall
from shared.contracts.ids import escalation_id, transition_id
from shared.contracts.reports import CountedReport, ReportDuty, ReportFacts
from shared.contracts.supervision import SupervisionEvent
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual
from shared.domain.report_series.changes import changes, line, merged_facts

_MAX_CREDITED = 200
"""The newest credited reports that a record names."""
_MAX_CHARACTERS = 4_000
"""Length of the text in a supervision event."""


def obligation_event(
    obligation: Obligation, reporting: AlertReporting, cause: str, now: datetime
) -> ReportDuty:
    """Return the record of the obligation's present state; `cause` is the id of a record."""
    return ReportDuty(
        id=transition_id(obligation.obligation_id, obligation.version),
        status=obligation.status,
        occurred_at=now,
        sent_at=now,
        origin_unit=obligation.unit,
        tier=tier_of(obligation.unit),
        areas=(reporting.place,),
        references=(cause,),
        trace_id=reporting.trace_id,
        data_grade=reporting.data_grade,
        duty_id=obligation.obligation_id,
        version=obligation.version,
        alert_id=obligation.alert_id,
        incident_id=obligation.incident_id,
        event_type=reporting.event_type,
        place=reporting.place,
        unit=obligation.unit,
        to_unit=obligation.to_unit,
        skip_level=obligation.skip_level,
        level=obligation.level,
        title=reporting.title,
        state=obligation.state,
        mode=obligation.mode,
        mode_version=obligation.mode_version,
        mode_unit=obligation.mode_unit,
        limits_id=obligation.limits_id,
        limits_version=obligation.limits_version,
        started_at=obligation.started_at,
        phone_due=obligation.phone_due,
        phone_at=obligation.phone_at,
        written_due=obligation.written_due,
        written_at=obligation.written_at,
        follow_up_due=obligation.follow_up_due,
        follow_ups=obligation.follow_ups,
        follow_ups_late=obligation.follow_ups_late,
        final_due=obligation.final_due,
        final_at=obligation.final_at,
        reason=obligation.reason,
        counted=tuple(
            CountedReport(report_id=report.report_id, late=report.late)
            for report in obligation.credited_reports[-_MAX_CREDITED:]
        ),
    )


def obligation_supervision_event(
    obligation: Obligation,
    reporting: AlertReporting,
    call: SupervisionCall,
    reports: Sequence[ReceivedReport],
    now: datetime,
) -> SupervisionEvent:
    """Return the record of one call. `references` name each skipped rung as `skipped-rung:N`."""
    due = obligation.running_clocks().get(ReportClock(call.clock), call.due_at)
    subject = f"{obligation.obligation_id}:{due.isoformat()}:{call.clock}:{call.kind}:{call.number}"
    supervision_id = escalation_id(subject, call.rung)
    unit, post = call.target
    return SupervisionEvent(
        id=supervision_id,
        status=obligation.status,
        occurred_at=call.due_at,
        sent_at=now,
        origin_unit=obligation.unit,
        tier=tier_of(obligation.unit),
        areas=(reporting.place,),
        references=(
            transition_id(obligation.obligation_id, obligation.version),
            *skipped_rungs(call),
        ),
        trace_id=reporting.trace_id,
        data_grade=reporting.data_grade,
        supervision_id=supervision_id,
        kind=call.kind,
        clock=call.clock,
        subject_id=obligation.obligation_id,
        incident_id=obligation.incident_id,
        alert_id=obligation.alert_id,
        unit=obligation.unit,
        rung=call.rung,
        target_unit=unit,
        target_post=post,
        due_at=call.due_at,
        late_by_s=call.late_by_s,
        level=obligation.level,
        title=reporting.title,
        mode=obligation.mode,
        mode_version=obligation.mode_version,
        mode_unit=obligation.mode_unit,
        limits_id=call.limits_id,
        limits_version=call.limits_version,
        text=last_change(obligation, reports),
    )


def last_change(obligation: Obligation, reports: Sequence[ReceivedReport]) -> str:
    """Return the changes of the unit's last report as lines of text; empty without a change.

    Restricted reports are left out: a page must not carry their content.
    """
    ordered = sorted(
        (
            report
            for report in reports
            if (report.unit, report.to_unit) == (obligation.unit, obligation.to_unit)
        ),
        key=lambda report: (report.received_at, report.report_id),
    )
    facts = [report.facts for report in ordered if not report.restricted]
    if not facts:
        return ""
    earlier_facts: ReportFacts = merged_facts(facts[:-1])
    lines = [line(change) for change in changes(earlier_facts, facts[-1])]
    chinese, english = "\n".join(text.zh for text in lines), "\n".join(text.en for text in lines)
    return Bilingual(chinese, english).joined(_MAX_CHARACTERS)
