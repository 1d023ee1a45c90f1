"""The record of an assignment's present state, in the form of the contract."""

from __future__ import annotations

from datetime import datetime

from services.command.core.assignments.model import Assignment
from services.command.core.cause import Cause, references
from services.command.core.commands.model import Command
from shared.contracts.assignments import AssignmentEvent, Extension, Part
from shared.contracts.ids import transition_id
from shared.contracts.units import tier_of


def assignment_template(command: Command, first: Assignment, now: datetime) -> AssignmentEvent:
    """Return the fields that all records of one command, brief and transaction share, validated."""
    brief = command.briefs[first.brief]
    return AssignmentEvent(
        id=transition_id(first.assignment_id, first.version),
        status=command.status,
        occurred_at=now,
        sent_at=now,
        origin_unit=command.issuer_unit,
        tier=tier_of(command.issuer_unit),
        areas=command.areas,
        trace_id=command.trace_id,
        data_grade=command.data_grade,
        assignment_id=first.assignment_id,
        command_id=command.command_id,
        alert_id=command.current_alert_id,
        version=first.version,
        unit=first.unit,
        unit_tier=first.unit_tier,
        parent_unit=first.parent_unit,
        role=brief.role,
        axis=brief.axis,
        line=brief.line,
        state=first.state,
        level=command.level,
        event_type=command.event_type,
        title=brief.title,
        instruction=brief.instruction,
        issuer_unit=command.issuer_unit,  # A part of a split assignment replaces this field.
        sign_by=first.sign_by,
        finish_by=first.finish_by,
    )


def assignment_event(
    template: AssignmentEvent, assignment: Assignment, cause: Cause
) -> AssignmentEvent:
    """Return the record of the assignment's present state.

    The record is a copy of a validated record, because a fan-out builds nine thousand of them.
    Every new value comes from a validated record or from our own rows.
    """
    return template.model_copy(
        update={
            "id": transition_id(assignment.assignment_id, assignment.version),
            "occurred_at": cause.occurred_at,
            "origin_unit": cause.unit,
            "tier": tier_of(cause.unit),
            "references": references(assignment.assignment_id, assignment.version, cause),
            "assignment_id": assignment.assignment_id,
            "version": assignment.version,
            "unit": assignment.unit,
            "unit_tier": assignment.unit_tier,
            "parent_unit": assignment.parent_unit,
            "state": assignment.state,
            "sign_by": assignment.sign_by,
            "finish_by": assignment.finish_by,
            "attempt": assignment.attempt,
            "signed_at": assignment.signed_at,
            "reported_at": assignment.reported_at,
            "done_at": assignment.done_at,
            "late": assignment.late,
            "synthetic": assignment.synthetic,
            "mode": assignment.mode,
            "mode_version": assignment.mode_version,
            "mode_unit": assignment.mode_unit,
            "limits_id": assignment.limits_id,
            "limits_version": assignment.limits_version,
            "actor": assignment.actor,
            "reason": assignment.reason,
            "issuer_unit": assignment.splitting_unit or template.issuer_unit,
            "part": _part(assignment),
            "reassigned_from": assignment.reassigned_from,
            "asked": assignment.pending_request,
            "suspended_until": assignment.suspended_until,
            "suspended_s": assignment.suspended_s or None,
            "extension": _extension(assignment),
            "children": assignment.children,
        }
    )


def _part(assignment: Assignment) -> Part | None:
    if assignment.parent_assignment_id is None or assignment.splitting_unit is None:
        return None
    return Part(
        parent_assignment_id=assignment.parent_assignment_id,
        mandatory=assignment.mandatory,
        release_unit=assignment.release_unit or assignment.splitting_unit,
    )


def _extension(assignment: Assignment) -> Extension | None:
    if assignment.original_finish_by is None:
        return None
    return Extension(times=assignment.extensions, original_finish_by=assignment.original_finish_by)
