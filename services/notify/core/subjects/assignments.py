"""Assignments: the unit is called about a delivered assignment until it has acted."""

from __future__ import annotations

from datetime import datetime

from services.notify.core.escalation import reasons
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.next_call import PAGED_TIERS, calling_order
from services.notify.core.escalation.states import EscalationTrigger
from services.notify.core.subjects.alerts import was_recalled
from services.notify.core.subjects.snapshots import PHASES, AssignmentPhase, AssignmentSnapshot
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.pages import SubjectKind
from shared.domain.page_texts import assignments as wording
from shared.domain.page_texts.names import Names


def call_about_assignment(assignment: AssignmentEvent, engine: EscalationEngine) -> None:
    """Call the unit that got an assignment, and stop when the unit has acted."""
    working_set = engine.working_set
    previous = working_set.assignments.get(assignment.assignment_id)
    if previous is not None and assignment.version <= previous.version:
        return
    phase = PHASES[assignment.state]
    delivered = 0 if previous is None else previous.attempt
    if assignment.state is not AssignmentState.QUEUED:
        delivered = max(delivered, assignment.attempt)
    working_set.update_assignment(
        AssignmentSnapshot(
            assignment.assignment_id, assignment.status, assignment.version, delivered, phase
        )
    )
    escalations = working_set.of_assignment(assignment.assignment_id)
    if assignment.state is AssignmentState.DELIVERED:
        if previous is not None and previous.attempt >= assignment.attempt:
            return  # another version of the same delivery: nobody is called twice about it
        for escalation in escalations:
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.REPLACED)
        recalled = was_recalled(assignment.alert_id, working_set)
        if assignment.unit_tier in PAGED_TIERS and not recalled:
            engine.open(
                _escalation(assignment, engine.names, working_set.now),
                calling_order(engine.roster, assignment.unit),
            )
        return
    for escalation in escalations:
        finishing = escalation.purpose is Purpose.FINISH
        if phase >= (AssignmentPhase.REPORTED if finishing else AssignmentPhase.SIGNED):
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.SETTLED)


def _escalation(assignment: AssignmentEvent, names: Names, now: datetime) -> Escalation:
    return Escalation(
        escalation_id="",
        cause_id=assignment.id,
        trace_id=assignment.trace_id or assignment.id,
        subject_kind=SubjectKind.ASSIGNMENT,
        subject_id=assignment.assignment_id,
        purpose=Purpose.SIGN,
        status=assignment.status,
        level=assignment.level,
        place=assignment.unit,
        start_unit=assignment.unit,
        headline=assignment.title,
        text=wording.of_assignment(assignment, names, now),
        data_grade=assignment.data_grade,
        occurred_at=assignment.occurred_at,
        opened_at=now,
        alert_id=assignment.alert_id,
        command_id=assignment.command_id,
        assignment_id=assignment.assignment_id,
    )
