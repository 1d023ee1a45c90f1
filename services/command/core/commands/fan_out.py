"""Fan-out: a command with one assignment per recipient, and the first timers of the assignments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from services.command.core.assignments.model import Assignment
from services.command.core.cause import Cause
from services.command.core.commands.model import Command
from services.command.core.commands.orders import CommandOrder
from services.command.core.commands.states import INITIAL
from services.command.core.supervision.deadlines import deadlines, first_timers
from services.command.core.supervision.profiles import SlaProfile, SlaProfiles
from shared.contracts.assignments import AssignmentState
from shared.contracts.ids import assignment_id
from shared.domain.response_modes.effective import Effective, Modes
from shared.domain.selection.reach import digest_of
from shared.domain.selection.tree import Recipient


def fan_out(
    order: CommandOrder,
    profiles: SlaProfiles,
    cause: Cause,
    modes: Modes,
    now: datetime,
    case_key: str | None = None,
) -> tuple[Command, list[Assignment]]:
    """Return the command and the assignments of all its recipients.

    The caller has resolved the recipients, once: a later change of the unit tree does not change
    who has an assignment. The deadlines of a recipient follow from the recipient's own mode and
    limits now.
    """
    orders = order.orders
    templates: dict[tuple[object, ...], Assignment] = {}
    assignments = []
    for recipient, brief in zip(orders.recipients, orders.brief_of, strict=True):
        mode = modes.effective(order.status, recipient.unit)
        profile = profiles.of(recipient.unit)
        kind = recipient.tier, brief, mode.mode, mode.unit, profile.limits_id
        template = templates.get(kind)
        if template is None:
            template = templates[kind] = _template(order, recipient, brief, profile, mode, now)
        assignments.append(
            replace(
                template,
                assignment_id=assignment_id(order.command_id, recipient.unit),
                unit=recipient.unit,
                parent_unit=recipient.parent,
                synthetic=recipient.synthetic,
            )
        )
    limits_at_root = profiles.of(order.root)
    mode_at_root = modes.effective(order.status, order.root)
    command = Command(
        command_id=order.command_id,
        status=order.status,
        version=1,
        state=INITIAL,
        alert_id=order.alert_id,
        event_type=order.event_type,
        level=order.level,
        root=order.root,
        issuer_unit=order.issuer_unit,
        title=orders.headline.title,
        instruction=orders.headline.instruction,
        areas=order.areas,
        recipients=len(assignments),
        recipients_digest=digest_of(assignment.unit for assignment in assignments),
        briefs=orders.briefs,
        plan_id=order.plan_id,
        plan_version=order.plan_version,
        sign_by=max(template.sign_by for template in templates.values()),
        finish_by=max(template.finish_by for template in templates.values()),
        trace_id=order.trace_id,
        actor=cause.actor,
        mode=mode_at_root.mode,
        mode_version=mode_at_root.version,
        mode_unit=mode_at_root.unit,
        case_key=case_key,
        data_grade=order.grade,
        current_alert_id=order.alert_id,
        warning_id=order.warning_id,
        limits_id=limits_at_root.limits_id,
        limits_version=limits_at_root.limits_version,
    )
    return command, assignments


def timers_of_fan_out(
    assignments: Sequence[Assignment], profiles: SlaProfiles, now: datetime
) -> Iterator[tuple[str, str, int, datetime]]:
    """Yield subject, kind, rung and due time of the first timers, in the order of their key.

    The timers are computed once for all assignments with the same deadlines and limits.
    """
    by_deadlines: dict[tuple[datetime, datetime, str | None], list[tuple[str, int, datetime]]] = {}
    for assignment in assignments:
        deadline_key = assignment.sign_by, assignment.finish_by, assignment.limits_id
        timers = by_deadlines.get(deadline_key)
        if timers is None:
            first = first_timers(assignment, profiles.of(assignment.unit), now)
            timers = sorted((timer.kind, timer.rung, timer.due_at) for timer in first)
            by_deadlines[deadline_key] = timers
        for kind, rung, due_at in timers:
            yield assignment.assignment_id, kind, rung, due_at


def _template(
    order: CommandOrder,
    recipient: Recipient,
    number: int,
    profile: SlaProfile,
    mode: Effective,
    now: datetime,
) -> Assignment:
    """Return the assignment of one recipient.

    Recipients with the same tier, brief and mode differ from it in id and unit alone.
    """
    brief = order.orders.briefs[number]
    sign_by, finish_by = deadlines(
        profile.in_mode(mode.mode),
        order.level,
        recipient.tier,
        now,
        brief.sign_within_s,
        brief.finish_within_s,
    )
    return Assignment(
        assignment_id=assignment_id(order.command_id, recipient.unit),
        command_id=order.command_id,
        status=order.status,
        unit=recipient.unit,
        unit_tier=recipient.tier,
        parent_unit=recipient.parent,
        synthetic=recipient.synthetic,
        version=1,
        state=AssignmentState.DELIVERED,
        attempt=1,
        sign_by=sign_by,
        finish_by=finish_by,
        changed_at=now,
        brief=number,
        sign_within_s=brief.sign_within_s,
        finish_within_s=brief.finish_within_s,
        mode=mode.mode,
        mode_version=mode.version,
        mode_unit=mode.unit,
        limits_id=profile.limits_id,
        limits_version=profile.limits_version,
    )
