"""Warnings of other agencies: who is called about them, and when the calls end."""

from __future__ import annotations

from datetime import datetime

from services.notify.core.escalation import reasons
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.next_call import calling_order
from services.notify.core.escalation.states import EscalationState, EscalationTrigger
from services.notify.core.subjects.snapshots import EndedWarning
from services.notify.core.wording import agency_warnings as wording
from services.notify.core.working_set import WorkingSet
from shared.contracts.fields import Level, Tier
from shared.contracts.pages import SubjectKind
from shared.contracts.reports import ExternalWarning
from shared.contracts.units import nearest_at
from shared.domain.agency_warnings import (
    FOLLOW_UPS,
    WARNINGS,
    WITHDRAWALS,
    areas_of,
    validity,
)
from shared.domain.page_texts.names import Names

_MOST_UNITS = 40
"""A warning for more areas is told to their districts."""


def call_about_warning(event: ExternalWarning, engine: EscalationEngine) -> datetime | None:
    """Call the units in the areas of a warning; return when the calls end, None without calls.

    A message ends the warnings in its references, with the calls about them, also those with a
    later arrival. Of a cancelled one, the units whose officers have answered are informed.
    """
    working_set = engine.working_set
    informed_units: set[str] = set()
    if event.msg_type in FOLLOW_UPS:
        is_cancelled = event.msg_type in WITHDRAWALS
        reason = reasons.WARNING_CANCELLED if is_cancelled else reasons.REPLACED
        for escalation in _escalations_of(event, working_set):
            if escalation.state is EscalationState.ANSWERED and is_cancelled:
                informed_units.add(escalation.start_unit)
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reason)
        working_set.end_warnings(
            EndedWarning(reference, event.source_id, event.status) for reference in event.references
        )
    for unit in sorted(informed_units):
        engine.open(
            _escalation(event, unit, engine.names, working_set.now),
            calling_order(engine.roster, unit),
        )
    is_ended = EndedWarning(event.id, event.source_id, event.status) in working_set.ended_warnings
    if is_ended or event.msg_type not in WARNINGS:
        return None
    _, ends_at = validity(event, event.occurred_at)
    if ends_at <= working_set.now:
        return None
    for unit in _units_of(event):
        engine.open(
            _escalation(event, unit, engine.names, working_set.now),
            calling_order(engine.roster, unit),
        )
    return ends_at


def end_calls_about_warning(warning_id: str, working_set: WorkingSet) -> None:
    """End the calls about a warning that has expired."""
    for escalation in working_set.of_subject(warning_id):
        working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.WARNING_OVER)


def _units_of(event: ExternalWarning) -> list[str]:
    """Return the units to call: those of the areas, or of many areas their districts."""
    units = set(areas_of(event))
    if len(units) > _MOST_UNITS:
        units = {nearest_at(unit, Tier.DISTRICT) or unit for unit in units}
    return sorted(units)


def _escalations_of(event: ExternalWarning, working_set: WorkingSet) -> list[Escalation]:
    """Return the escalations about the warnings that a message of the same status follows."""
    return [
        escalation
        for reference in dict.fromkeys(event.references)
        for escalation in working_set.of_subject(reference)
        if escalation.status is event.status and escalation.subject_kind is SubjectKind.WARNING
    ]


def _escalation(event: ExternalWarning, unit: str, names: Names, now: datetime) -> Escalation:
    return Escalation(
        escalation_id="",
        cause_id=event.id,
        trace_id=event.trace_id or event.id,
        subject_kind=SubjectKind.WARNING,
        subject_id=event.id,
        purpose=Purpose.INFORM,
        status=event.status,
        level=event.level or Level.NOTICE,
        place=unit,
        start_unit=unit,
        headline=wording.headline_of(event),
        text=wording.of_warning(event, names, now),
        data_grade=event.data_grade,
        occurred_at=event.occurred_at,
        opened_at=now,
    )
