"""Faults of the system itself 系统: pages of a category of their own, never mixed with events."""

from __future__ import annotations

from datetime import datetime

from services.notify.core.escalation import reasons
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.next_call import calling_order
from services.notify.core.escalation.states import EscalationTrigger
from services.notify.core.wording import faults as wording
from shared.contracts.faults import SILENT_SENSORS, FaultState, SystemFault
from shared.contracts.fields import Level
from shared.contracts.pages import SubjectKind
from shared.domain.page_texts.names import Names


def call_about_fault(fault: SystemFault, engine: EscalationEngine) -> None:
    """Call the duty officers of the unit about a fault; end the calls when the fault is over."""
    working_set = engine.working_set
    if fault.state is FaultState.CLEARED:
        is_silence = fault.kind == SILENT_SENSORS
        reason = reasons.HEARD_AGAIN if is_silence else reasons.FAULT_OVER
        for escalation in working_set.of_subject(fault.fault_id):
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reason)
        return
    escalation = _escalation(fault, engine.names, working_set.now)
    engine.open(escalation, calling_order(engine.roster, fault.unit))


def _escalation(fault: SystemFault, names: Names, now: datetime) -> Escalation:
    return Escalation(
        escalation_id="",
        cause_id=fault.id,
        trace_id=fault.trace_id or fault.fault_id,
        subject_kind=SubjectKind.FAULT,
        subject_id=fault.fault_id,
        purpose=Purpose.INFORM,
        status=fault.status,
        level=Level.NOTICE,
        place=fault.unit,
        start_unit=fault.unit,
        headline=wording.headline_of_fault(fault, names),
        text=wording.of_fault(fault, names, now),
        occurred_at=fault.occurred_at,
        opened_at=now,
    )
