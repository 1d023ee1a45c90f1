"""The record of one supervision call about an assignment, in the form of the contract."""

from __future__ import annotations

from datetime import datetime

from services.command.core.assignments.model import Assignment
from services.command.core.commands.model import Command
from services.command.core.supervision.firing import SupervisionCall
from shared.contracts.ids import escalation_id, transition_id
from shared.contracts.supervision import SupervisionEvent
from shared.contracts.units import tier_of


def supervision_event(
    command: Command, assignment: Assignment, call: SupervisionCall, now: datetime
) -> SupervisionEvent:
    """Return the record of one call. `references` name each skipped rung as `skipped-rung:N`."""
    event_id = supervision_id(assignment, call)
    unit, post = call.target
    return SupervisionEvent(
        id=event_id,
        status=command.status,
        occurred_at=call.due_at,
        sent_at=now,
        origin_unit=command.issuer_unit,
        tier=tier_of(command.issuer_unit),
        areas=command.areas,
        references=(
            transition_id(assignment.assignment_id, assignment.version),
            *skipped_rungs(call),
        ),
        trace_id=command.trace_id,
        data_grade=command.data_grade,
        supervision_id=event_id,
        kind=call.kind,
        clock=call.clock,
        subject_id=assignment.assignment_id,
        command_id=command.command_id,
        alert_id=command.current_alert_id,
        unit=assignment.unit,
        rung=call.rung,
        target_unit=unit,
        target_post=post,
        due_at=call.due_at,
        late_by_s=call.late_by_s,
        level=command.level,
        title=command.title,
        mode=assignment.mode,
        mode_version=assignment.mode_version,
        mode_unit=assignment.mode_unit,
        limits_id=call.limits_id,
        limits_version=call.limits_version,
    )


def supervision_id(assignment: Assignment, call: SupervisionCall) -> str:
    """Return the id of a call: unique per attempt, clock, kind, number and rung.

    An extension starts the finishing clock again, so that the count of extensions belongs to the
    id.
    """
    attempt = f"{assignment.attempt}"
    if call.clock == "finish":
        attempt += f".{assignment.extensions}"
    subject = f"{assignment.assignment_id}:{attempt}:{call.clock}:{call.kind}:{call.number}"
    return escalation_id(subject, call.rung)


def skipped_rungs(call: SupervisionCall) -> tuple[str, ...]:
    """Return the rungs that were due during an outage, in the form of `references`."""
    return tuple([f"skipped-rung:{rung}" for rung in call.skipped])
