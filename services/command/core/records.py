"""Contract records of commands, assignments and supervision, built from the core's values."""

from __future__ import annotations

from datetime import datetime

import msgspec

from services.command.core.model import Assignment, Command
from services.command.core.rollup import Rollup, tier_counts
from services.command.core.supervision import Call
from shared.contracts.commands import (
    AssignmentEvent,
    CommandEvent,
    Extension,
    Part,
    SupervisionEvent,
)
from shared.contracts.ids import escalation_id, transition_id
from shared.contracts.units import tier_of


class Cause(msgspec.Struct, frozen=True, gc=False):
    """The record that brought a change about; `unit` owns the act, `occurred_at` is event time."""

    record_id: str
    occurred_at: datetime
    unit: str
    actor: str | None = None


def command_event(command: Command, rollup: Rollup, cause: Cause, now: datetime) -> CommandEvent:
    """The command's present state."""
    return CommandEvent(
        id=transition_id(command.command_id, command.version),
        status=command.status,
        occurred_at=cause.occurred_at,
        sent_at=now,
        origin_unit=cause.unit,
        tier=tier_of(cause.unit),
        areas=command.areas,
        references=references(command.command_id, command.version, cause),
        trace_id=command.trace_id,
        data_grade=command.data_grade,
        command_id=command.command_id,
        version=command.version,
        state=command.state,
        alert_id=command.alert_id,
        event_type=command.event_type,
        level=command.level,
        root=command.root,
        issuer_unit=command.issuer_unit,
        title=command.title,
        instruction=command.instruction,
        recipients=command.recipients,
        given_on=command.given_on,
        recipients_digest=command.recipients_digest,
        plan_id=command.plan_id,
        plan_version=command.plan_version,
        sign_by=command.sign_by,
        finish_by=command.finish_by,
        mode=command.mode,
        mode_version=command.mode_version,
        mode_unit=command.mode_unit,
        rollup=tier_counts(rollup),
        actor=cause.actor,
    )


def assignment_template(command: Command, first: Assignment, now: datetime) -> AssignmentEvent:
    """What all assignment records of one command, brief and transaction share, validated once."""
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
        alert_id=command.because_of,
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
        issuer_unit=command.issuer_unit,  # of those that were not given on by splitting
        sign_by=first.sign_by,
        finish_by=first.finish_by,
    )


def assignment_event(
    template: AssignmentEvent, assignment: Assignment, cause: Cause
) -> AssignmentEvent:
    """The assignment's present state.

    A copy of a validated record: every field put in comes from a validated record or from our own
    rows, and a fan-out builds nine thousand of these.
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
            "actor": assignment.actor,
            "reason": assignment.reason,
            "issuer_unit": assignment.given_by or template.issuer_unit,
            "part": _part(assignment),
            "reassigned_from": assignment.reassigned_from,
            "asked": assignment.asked,
            "suspended_until": assignment.suspended_until,
            "suspended_s": assignment.suspended_s or None,
            "extension": _extension(assignment),
            "children": assignment.children,
        }
    )


def supervision_event(
    command: Command, assignment: Assignment, call: Call, now: datetime
) -> SupervisionEvent:
    """One call of a timer. Rungs slept through stand in `references` as `skipped-rung:N`."""
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
            *skipped(call),
        ),
        trace_id=command.trace_id,
        data_grade=command.data_grade,
        supervision_id=event_id,
        kind=call.kind,
        clock=call.clock,
        subject_id=assignment.assignment_id,
        command_id=command.command_id,
        alert_id=command.because_of,
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
    )


def supervision_id(assignment: Assignment, call: Call) -> str:
    """The id of a call: one per attempt, clock, kind, number and rung; an extension begins the clock anew."""
    attempt = f"{assignment.attempt}"
    if call.clock == "finish":
        attempt += f".{assignment.extensions}"
    subject = f"{assignment.assignment_id}:{attempt}:{call.clock}:{call.kind}:{call.number}"
    return escalation_id(subject, call.rung)


def skipped(call: Call) -> tuple[str, ...]:
    """The rungs that were slept through, as `references` have them."""
    return tuple([f"skipped-rung:{rung}" for rung in call.skipped])


def _part(assignment: Assignment) -> Part | None:
    if assignment.parent_assignment_id is None or assignment.given_by is None:
        return None
    return Part(
        parent_assignment_id=assignment.parent_assignment_id,
        mandatory=assignment.mandatory,
        release_unit=assignment.release_unit or assignment.given_by,
    )


def _extension(assignment: Assignment) -> Extension | None:
    if assignment.original_finish_by is None:
        return None
    return Extension(times=assignment.extensions, original_finish_by=assignment.original_finish_by)


def references(aggregate_id: str, version: int, cause: Cause) -> tuple[str, ...]:
    """The record that brought the change about, behind the state that it changed."""
    if version == 1:
        return (cause.record_id,)
    return (transition_id(aggregate_id, version - 1), cause.record_id)
