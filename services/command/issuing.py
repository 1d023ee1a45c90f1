"""Fan-out: one command, one assignment per recipient, their timers and messages, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import attrgetter

from msgspec.structs import replace

from services.command import store
from services.command.core.deadlines import deadlines, first_timers
from services.command.core.lifecycle import INITIAL
from services.command.core.model import Assignment, Command
from services.command.core.orders import Order
from services.command.core.printing import Printer
from services.command.core.profiles import Profile
from services.command.core.records import Cause, assignment_template, command_event
from services.command.core.rollup import recount
from shared.contracts.commands import AssignmentState
from shared.contracts.ids import assignment_id
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.domain.response_modes.effective import Effective, Modes
from shared.domain.selection.reach import digest_of
from shared.domain.selection.tree import Recipient
from shared.runtime.database import Transaction
from shared.runtime.timers import arm_new

_TURN = 200
"""Records printed before Postgres may be given more rows: about a millisecond."""


async def issue(
    work: Transaction,
    order: Order,
    profile: Profile,
    cause: Cause,
    modes: Modes,
    case_key: str | None = None,
) -> bool:
    """Issue the command to all its recipients; False when it has been issued before.

    The recipients were resolved by the caller, once: a later change of the unit tree does not
    change who has an assignment. Each recipient's clocks are those of its own mode now.
    """
    now = work.now
    told = order.orders
    kinds: dict[tuple[object, ...], Assignment] = {}
    assignments = []
    for recipient, number in zip(told.recipients, told.brief_of, strict=True):
        mode = modes.effective(order.status, recipient.unit)
        kind = recipient.tier, number, mode.mode, mode.unit
        example = kinds.get(kind)
        if example is None:
            example = kinds[kind] = _example(order, recipient, number, profile, mode, now)
        assignments.append(
            replace(
                example,
                assignment_id=assignment_id(order.command_id, recipient.unit),
                unit=recipient.unit,
                parent_unit=recipient.parent,
                synthetic=recipient.synthetic,
            )
        )
    at_root = modes.effective(order.status, order.root)
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
        title=told.headline.title,
        instruction=told.headline.instruction,
        areas=order.areas,
        recipients=len(assignments),
        recipients_digest=digest_of(assignment.unit for assignment in assignments),
        briefs=told.briefs,
        plan_id=order.plan_id,
        plan_version=order.plan_version,
        sign_by=max(kind.sign_by for kind in kinds.values()),
        finish_by=max(kind.finish_by for kind in kinds.values()),
        trace_id=order.trace_id,
        actor=cause.actor,
        mode=at_root.mode,
        mode_version=at_root.version,
        mode_unit=at_root.unit,
        case_key=case_key,
        data_grade=order.grade,
        because_of=order.alert_id,
    )
    counts = recount(assignments)
    if not await store.insert_command(work, command, counts):
        return False
    # In the order of their ids: rows that follow each other in an index go in several times faster.
    by_id = sorted(assignments, key=attrgetter("assignment_id"))
    writing = asyncio.create_task(_write(work, by_id, profile))
    try:
        event = command_event(command, counts, cause, now)
        printed = await _printed(command, assignments, cause, now)
    finally:
        await writing
    work.publish(COMMANDS, command.command_id, event, event.id)
    await work.publish_new(ASSIGNMENTS, printed)
    return True


def _example(
    order: Order,
    recipient: Recipient,
    number: int,
    profile: Profile,
    mode: Effective,
    now: datetime,
) -> Assignment:
    """The assignment of one recipient; those of its tier, brief and mode differ in who they are alone."""
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
    )


async def _write(work: Transaction, assignments: Sequence[Assignment], profile: Profile) -> None:
    """Rows and timers; meanwhile the transaction's connection is nobody else's to use."""
    await store.insert_assignments(work, assignments)
    await arm_new(work, _first_timers(assignments, profile, work.now))


async def _printed(
    command: Command, assignments: Sequence[Assignment], cause: Cause, now: datetime
) -> list[tuple[str, str, bytes]]:
    """Key, id and wire form of each, in turns with whatever else there is to do."""
    examples = {assignment.brief: assignment for assignment in assignments}
    printers = {
        number: Printer(assignment_template(command, example, now))
        for number, example in examples.items()
    }
    results = []
    for number, assignment in enumerate(assignments, 1):
        results.append((assignment.unit, *printers[assignment.brief].print(assignment, cause)))
        if number % _TURN == 0:
            await asyncio.sleep(0)
    return results


def _first_timers(
    assignments: Sequence[Assignment], profile: Profile, now: datetime
) -> Iterator[tuple[str, str, int, datetime]]:
    """Subject, kind, rung and moment of their timers, in the order of their key; those with the same clocks
    have the same.
    """
    of_clocks: dict[tuple[datetime, datetime], list[tuple[str, int, datetime]]] = {}
    for assignment in assignments:
        clocks = assignment.sign_by, assignment.finish_by
        timers = of_clocks.get(clocks)
        if timers is None:
            first = first_timers(assignment, profile, now)
            timers = sorted((arm.kind, arm.rung, arm.due_at) for arm in first)
            of_clocks[clocks] = timers
        for kind, rung, due_at in timers:
            yield assignment.assignment_id, kind, rung, due_at
