"""Parts of a split assignment, and the successor of a reassigned assignment.

A change of a part is passed up to its parent. The progress of the parent follows from its parts
alone, and a report that waited for the parts is applied as soon as no mandatory part is open. The
same holds on every level above.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.states import IllegalStep, State
from services.command.core.assignments.steps import apply_waiting_steps
from services.command.core.commands import rollup
from services.command.core.commands.model import Command
from services.command.core.supervision.deadlines import DeadlineTerms
from shared.contracts.ids import assignment_id
from shared.contracts.units import is_within
from shared.domain.selection.tree import Recipient


def part_of(
    parent: Assignment,
    command: Command,
    recipient: Recipient,
    officer_step: OfficerStep,
    now: datetime,
    terms: DeadlineTerms,
) -> Assignment:
    """Return a part of `parent` for a unit below its unit. The splitting unit is the part's issuer.

    Only the issuer of the parent can drop a mandatory part; the splitting unit can drop an optional
    one.
    """
    return _new(
        command,
        recipient,
        officer_step,
        now,
        msgspec.structs.replace(terms, within=parent.finish_by),
        brief=parent.brief,
        parent_assignment_id=parent.assignment_id,
        splitting_unit=parent.unit,
        release_unit=(parent.splitting_unit or command.issuer_unit)
        if officer_step.mandatory
        else None,
        mandatory=officer_step.mandatory,
    )


def successor(
    previous: Assignment,
    command: Command,
    recipient: Recipient,
    officer_step: OfficerStep,
    now: datetime,
    terms: DeadlineTerms,
) -> Assignment:
    """Return the assignment that replaces a reassigned assignment, with new deadlines.

    Raises IllegalStep for the unit that checks the assignment and for the units above: a unit
    cannot check and close its own work.
    """
    checker = previous.splitting_unit or command.issuer_unit
    if is_within(checker, recipient.unit):
        raise IllegalStep(f"{checker} checks it: {recipient.unit} does not handle it")
    return _new(
        command,
        recipient,
        officer_step,
        now,
        terms,
        brief=previous.brief,
        sign_within_s=previous.sign_within_s,
        finish_within_s=previous.finish_within_s,
        parent_assignment_id=previous.parent_assignment_id,
        splitting_unit=previous.splitting_unit,
        release_unit=previous.release_unit,
        mandatory=previous.mandatory,
        reassigned_from=previous.assignment_id,
    )


def passed_up(
    assignments: Mapping[str, Assignment],
    previous: Assignment | None,
    updated: Assignment,
    now: datetime,
) -> list[tuple[OfficerStep | None, Assignment]]:
    """Return the new values of the parents above `updated`, on every level, in order.

    `assignments` has the parents at present; `previous` is None for a new part. Each value comes
    with the waiting step that caused it, or with None when the part's change itself is the cause.
    """
    results: list[tuple[OfficerStep | None, Assignment]] = []
    latest: dict[str, Assignment] = {}
    changes: list[tuple[Assignment | None, Assignment]] = [(previous, updated)]
    for part_before, part in changes:  # The list grows during the loop: a parent may be a part.
        name = part.parent_assignment_id
        if name is None:
            continue
        parent = latest.get(name, assignments[name])
        counted = rollup.with_part(parent, part_before, part)
        if counted is parent or counted.children is None:
            continue
        if rollup.is_reportable(parent.children, counted.children):
            at = max(now, counted.changed_at)
            counted = msgspec.structs.replace(counted, version=counted.version + 1, changed_at=at)
        applied = apply_waiting_steps(counted, now)
        for officer_step, value in [(None, counted), *applied]:
            results.append((officer_step, value))
            changes.append((latest.get(name, parent), value))
            latest[name] = value
    return results


def _new(
    command: Command,
    recipient: Recipient,
    officer_step: OfficerStep,
    now: datetime,
    terms: DeadlineTerms,
    *,
    brief: int,
    parent_assignment_id: str | None,
    splitting_unit: str | None,
    release_unit: str | None,
    mandatory: bool,
    reassigned_from: str | None = None,
    sign_within_s: float | None = None,
    finish_within_s: float | None = None,
) -> Assignment:
    sign_by, finish_by = terms.deadlines(recipient.tier, now, sign_within_s, finish_within_s)
    return Assignment(
        assignment_id=assignment_id(command.command_id, recipient.unit),
        command_id=command.command_id,
        status=command.status,
        unit=recipient.unit,
        unit_tier=recipient.tier,
        parent_unit=recipient.parent,
        synthetic=recipient.synthetic,
        version=1,
        state=State.DELIVERED,
        attempt=1,
        sign_by=sign_by,
        finish_by=finish_by,
        changed_at=now,
        brief=brief,
        sign_within_s=sign_within_s,
        finish_within_s=finish_within_s,
        mode=terms.mode.mode,
        mode_version=terms.mode.version,
        mode_unit=terms.mode.unit,
        limits_id=terms.profile.limits_id,
        limits_version=terms.profile.limits_version,
        actor=officer_step.officer_id,
        reason=officer_step.text,
        parent_assignment_id=parent_assignment_id,
        splitting_unit=splitting_unit,
        release_unit=release_unit,
        mandatory=mandatory,
        reassigned_from=reassigned_from,
    )
