"""Response modes 平急状态: calls for a signature of a proposal, and about a changed mode."""

from __future__ import annotations

from datetime import datetime

from services.notify.core.escalation import reasons
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.next_call import calling_order
from services.notify.core.escalation.states import EscalationTrigger
from services.notify.core.wording import modes as wording
from shared.contracts.fields import Level, ResponseMode
from shared.contracts.ids import mode_id
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import SubjectKind

URGENCY: dict[ResponseMode, Level] = {
    ResponseMode.NORMAL: Level.BLUE,
    ResponseMode.RECOVERY: Level.YELLOW,
    ResponseMode.STANDBY: Level.ORANGE,
    ResponseMode.EMERGENCY: Level.RED,
}
"""The level of a call about a mode: as urgent as a call about an alert of this level."""


def call_about_proposal(proposal: ModeProposal, engine: EscalationEngine) -> None:
    """Call an officer who can give the next signature of a proposal."""
    working_set = engine.working_set
    for escalation in working_set.of_subject(proposal.proposal_id):
        working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.SETTLED)
    if not proposal.next_posts:
        return
    signers = {signature.officer_id for signature in proposal.signatures}
    holders = [
        holder
        for holder in calling_order(engine.roster, proposal.unit)
        if holder.officer_id not in signers
    ]
    entitled = next((holder for holder in holders if holder.post in proposal.next_posts), None)
    text = wording.of_proposal(proposal, engine.names, working_set.now)
    escalation = _escalation(
        proposal, proposal.proposal_id, Purpose.DECIDE, proposal.unit, text, working_set.now
    )
    engine.open(escalation, holders, first=entitled)


def call_about_mode(mode: ResponseModeEvent, engine: EscalationEngine) -> None:
    """Inform every unit of the subtree that its mode has changed."""
    working_set = engine.working_set
    subject = mode_id(mode.status, mode.unit)
    for escalation in working_set.of_subject(subject):
        working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.REPLACED)
    text = wording.of_mode(mode, engine.names, working_set.now)
    for unit in engine.roster.units_within(mode.unit):
        escalation = _escalation(mode, subject, Purpose.INFORM, unit, text, working_set.now)
        engine.open(escalation, calling_order(engine.roster, unit))


def _escalation(
    event: ModeProposal | ResponseModeEvent,
    subject: str,
    purpose: Purpose,
    unit: str,
    text: str,
    now: datetime,
) -> Escalation:
    return Escalation(
        escalation_id="",
        cause_id=event.id,
        trace_id=event.trace_id or event.id,
        subject_kind=SubjectKind.MODE,
        subject_id=subject,
        purpose=purpose,
        status=event.status,
        level=URGENCY[event.mode],
        place=event.unit,
        start_unit=unit,
        headline=event.title,
        text=text,
        data_grade=event.data_grade,
        occurred_at=event.occurred_at,
        opened_at=now,
    )
