"""Supervision: reminders 催办 and escalations 督办 about an assignment or a duty to report."""

from __future__ import annotations

from datetime import datetime

from services.notify.core.escalation import reasons
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.next_call import at_or_after, calling_order
from services.notify.core.escalation.states import EscalationTrigger
from services.notify.core.subjects.alerts import was_recalled
from services.notify.core.subjects.snapshots import AssignmentPhase
from services.notify.core.working_set import WorkingSet
from shared.contracts.pages import SubjectKind
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.domain.page_texts import assignments as wording
from shared.domain.page_texts.names import Names

REPORT_PURPOSES = frozenset(
    {
        Purpose.REPORT_PHONE,
        Purpose.REPORT_WRITTEN,
        Purpose.REPORT_FOLLOW_UP,
        Purpose.REPORT_FINAL,
    }
)
"""The purposes of supervision of a duty to report; the other purposes are an assignment's."""
_CALLING_KINDS = frozenset(
    {SupervisionKind.REMINDED, SupervisionKind.ESCALATED, SupervisionKind.URGED}
)


def call_about_supervision(supervision: SupervisionEvent, engine: EscalationEngine) -> None:
    """Call the post that a reminder or an escalation names, unless the unit has acted meanwhile.

    An officer's urging is a reminder too.
    """
    roster, working_set = engine.roster, engine.working_set
    recalled = was_recalled(supervision.alert_id, working_set)
    if supervision.kind not in _CALLING_KINDS or recalled:
        return
    if _has_acted(supervision, working_set):
        return
    purpose = Purpose(supervision.clock)
    escalations = (
        working_set.of_report_duty(supervision.subject_id)
        if purpose in REPORT_PURPOSES
        else working_set.of_assignment(supervision.subject_id)
    )
    for escalation in escalations:
        supervised = escalation.subject_kind is SubjectKind.SUPERVISION
        if supervised and escalation.purpose is purpose:
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.REPLACED)
    start, post = supervision.target_unit, supervision.target_post
    holders = calling_order(roster, start)
    first = roster.holder(start, post) or at_or_after(holders, start, start, post)
    engine.open(_escalation(supervision, engine.names, working_set.now), holders, first=first)


def _has_acted(supervision: SupervisionEvent, working_set: WorkingSet) -> bool:
    purpose = Purpose(supervision.clock)
    if purpose in REPORT_PURPOSES:
        duty = working_set.report_duties.get(supervision.subject_id)
        return duty is not None and duty.is_fulfilled(supervision.clock, supervision.due_at)
    assignment = working_set.assignments.get(supervision.subject_id)
    phase = AssignmentPhase.UNSIGNED if assignment is None else assignment.phase
    signing = purpose is Purpose.SIGN
    return phase >= (AssignmentPhase.SIGNED if signing else AssignmentPhase.REPORTED)


def _escalation(supervision: SupervisionEvent, names: Names, now: datetime) -> Escalation:
    headline, text = wording.of_supervision(supervision, names, now)
    purpose = Purpose(supervision.clock)
    of_report = purpose in REPORT_PURPOSES
    return Escalation(
        escalation_id="",
        cause_id=supervision.id,
        trace_id=supervision.trace_id or supervision.id,
        subject_kind=SubjectKind.SUPERVISION,
        subject_id=supervision.supervision_id,
        purpose=purpose,
        status=supervision.status,
        level=supervision.level,
        place=supervision.unit,
        start_unit=supervision.target_unit,
        headline=headline,
        text=text,
        data_grade=supervision.data_grade,
        occurred_at=supervision.occurred_at,
        opened_at=now,
        alert_id=supervision.alert_id,
        command_id=supervision.command_id,
        assignment_id=None if of_report else supervision.subject_id,
        duty_id=supervision.subject_id if of_report else None,
        escalation_level=supervision.rung,
    )
