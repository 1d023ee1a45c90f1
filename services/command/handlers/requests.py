"""Requests about whole commands: issue, check, close, revoke, re-open, urge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from services.command.core.assignments.model import OfficerStep
from services.command.core.cause import Cause
from services.command.core.commands import states as lifecycle
from services.command.core.commands.authority import may_direct, may_urge
from services.command.core.commands.orders import order_of_request
from services.command.store import commands as command_store
from services.command.store import modes as mode_store
from services.command.unit_of_work import Stage, UnitOfWork
from services.command.unit_of_work.command_actions import (
    issue_command,
    reopen_command,
    revoke_command,
    urge_units,
)
from services.command.unit_of_work.commands import LockedCommands
from services.command.unit_of_work.officer_steps import OfficerSteps
from shared.contracts.assignments import AssignmentState, Step
from shared.contracts.commands import CommandRequest, CommandState
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import COMMAND_REQUESTS
from shared.domain.selection.reach import digest_of, free_reach, outside
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()

_NAMED_UNITS = 5
"""The most units that a refusal names."""
_BULK_STEPS = {
    "check": (Step.CHECK, AssignmentState.REPORTED),
    "close": (Step.CLOSE, AssignmentState.CHECKED),
}
"""Verbs about all assignments in one state: the step that each takes, and the state."""
_DONE_ALREADY = {
    ("close", CommandState.CLOSED),
    ("revoke", CommandState.REVOKED),
    ("reopen", CommandState.ISSUED),
    ("reopen", CommandState.AWAITING_CHECK),
}
"""Verbs without effect in a state: a repeat, or another officer was faster."""


def load(request: CommandRequest, unit: UnitOfWork) -> None:
    """A request needs its command, unless the request issues it."""
    if request.verb != "issue":
        unit.need_command(request.command_id)


@router.subscriber(COMMAND_REQUESTS, load=load)
async def handle_request(request: CommandRequest, unit: UnitOfWork, record: InboundMessage) -> None:
    """Issue a command at once; direct an existing one when all acknowledgements are applied."""
    if request.verb == "issue":
        await _issue(request, unit)
    else:
        acted_at = record.acted_at(unit.transaction.now)
        unit.defer(Stage.REQUESTS, partial(_direct, request, unit, acted_at), request)


async def _issue(request: CommandRequest, unit: UnitOfWork) -> None:
    """Issue a free command; raise Reject when the officer may not or the fields do not suffice."""
    if request.selection is None or request.title is None:
        raise Reject(Reason.SCHEMA, "a command needs selection and title")
    if request.event_type is None or request.level is None:
        raise Reject(Reason.SCHEMA, "a command needs event_type and level")
    issuer, tree = request.origin_unit, unit.context.tree
    result = free_reach(tree, request.selection, issuer, request.assist)
    if result.unknown:
        raise Reject(Reason.UNKNOWN_SUBJECT, f"not in the catalogue: {_first(result.unknown)}")
    if foreign := outside(result.units, issuer):
        raise Reject(Reason.NOT_ALLOWED, f"not below the issuer {issuer}: {_first(foreign)}")
    if not result.leads:
        raise Reject(Reason.UNKNOWN_SUBJECT, "the selection means nobody")
    if request.sign_by and request.finish_by and request.sign_by > request.finish_by:
        raise Reject(Reason.SCHEMA, "the time to sign ends after the time to report")
    if request.seen_digest not in (None, digest_of(result.units)):
        raise Reject(
            Reason.STALE,
            f"the recipients are not those the officer was shown; now {len(result.units)}",
        )
    order = order_of_request(
        tree,
        request,
        result,
        request.event_type,
        request.level,
        request.title,
        unit.transaction.now,
    )
    cause = Cause(request.id, request.occurred_at, issuer, request.officer_id)
    modes = await mode_store.load_modes(unit.transaction)
    await issue_command(unit.transaction, unit.context, order, cause, modes)


async def _direct(request: CommandRequest, unit: UnitOfWork, acted_at: datetime | None) -> None:
    """Check or close all assignments that are ready; revoke, re-open or urge the command."""
    commands = await unit.commands()
    command = commands.commands.get(request.command_id)
    if command is None:
        raise Reject(Reason.UNKNOWN_SUBJECT, f"no command {request.command_id}")
    if request.status is not command.status:
        raise Reject(Reason.NOT_ALLOWED, f"the command is {command.status}")
    if request.verb == "urge":
        if not may_urge(request.origin_unit, request.within or request.origin_unit):
            raise Reject(Reason.NOT_ALLOWED, f"{request.within} is not below the officer's unit")
    elif not may_direct(request.origin_unit, command):
        raise Reject(Reason.NOT_ALLOWED, f"{request.verb} is for the issuer {command.issuer_unit}")
    if (request.verb, command.state) in _DONE_ALREADY:
        return
    if command.state not in lifecycle.READY[request.verb]:
        raise Reject(Reason.NOT_ALLOWED, f"the command is {command.state}")
    cause = Cause(request.id, request.occurred_at, request.origin_unit, request.officer_id)
    match request.verb:
        case "revoke":
            officer_id, reason = request.officer_id, request.instruction
            await revoke_command(commands, request.command_id, officer_id, reason, cause)
        case "reopen":
            if await command_store.was_recalled(unit.transaction, command.current_alert_id):
                raise Reject(Reason.NOT_ALLOWED, "the alert it was given for has been recalled")
            await reopen_command(commands, request.command_id, cause, request.instruction)
        case "urge":
            within = request.within or request.origin_unit
            await urge_units(commands, request.command_id, within, cause)
        case _:
            await _step_all(request, commands, acted_at)
            if request.verb == "close":
                commands.request_close(request.command_id, cause)


async def _step_all(
    request: CommandRequest, commands: LockedCommands, acted_at: datetime | None
) -> None:
    """Take the step of the verb on every assignment that is ready for it."""
    step, ready = _BULK_STEPS[request.verb]
    officer_step = OfficerStep(
        step,
        request.id,
        request.officer_id,
        request.origin_unit,
        request.instruction,
        request.occurred_at,
    )
    steps = OfficerSteps(commands)
    # Parts before their parents: a parent that closes waives the optional parts that are still
    # open.
    for assignment in reversed(await commands.load_in_states(request.command_id, [ready])):
        latest = commands.assignments[assignment.assignment_id]
        if latest.state is ready:
            await steps.apply(latest, officer_step, latest.attempt, acted_at)


def _first(names: Sequence[str]) -> str:
    """Return the first few names, and the number of the remaining ones."""
    more = len(names) - _NAMED_UNITS
    return ", ".join(names[:_NAMED_UNITS]) + (f" and {more} more" if more > 0 else "")
