"""Actions on a whole command: issue it, revoke it, re-open it, urge its units."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from services.command.core.assignments.events import assignment_template
from services.command.core.assignments.model import Assignment
from services.command.core.assignments.states import FINISH_RUNS, OVER, AssignmentTrigger
from services.command.core.assignments.steps import end_assignment, reopen_assignment
from services.command.core.cause import Cause
from services.command.core.commands import states as lifecycle
from services.command.core.commands.events import command_event
from services.command.core.commands.fan_out import fan_out, timers_of_fan_out
from services.command.core.commands.model import Command
from services.command.core.commands.orders import CommandOrder
from services.command.core.commands.rollup import recount
from services.command.core.supervision.deadlines import DeadlineTerms
from services.command.core.supervision.profiles import SlaProfiles
from services.command.core.supervision.urging import urging_call
from services.command.fastpath.event_encoder import CallEncoder, EventEncoder
from services.command.store import assignments as assignment_store
from services.command.store import commands as command_store
from services.command.store import modes as mode_store
from services.command.unit_of_work.commands import LockedCommands
from services.command.unit_of_work.context import CommandContext
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Status
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import ASSIGNMENTS, COMMANDS, SUPERVISION
from shared.contracts.units import is_within
from shared.domain.response_modes.effective import Modes
from shared.domain.roster.escalation_chain import escalation_chain
from shared.runtime.database import Transaction
from shared.runtime.timers import arm_new

_RECORDS_PER_TURN = 200
"""Records encoded before Postgres may get more rows: about a millisecond of work."""
_REOPENED = (AssignmentState.DONE, AssignmentState.RETURNED)


async def issue_command(
    transaction: Transaction,
    context: CommandContext,
    order: CommandOrder,
    cause: Cause,
    modes: Modes,
    case_key: str | None = None,
) -> None:
    """Issue the command to all its recipients; a command that exists already stays as it is."""
    now, profiles = transaction.now, context.profiles_at(transaction.now)
    command, assignments = fan_out(order, profiles, cause, modes, now, case_key)
    counters = recount(assignments)
    if not await command_store.insert_command(transaction, command, counters):
        return
    # Rows that follow each other in an index go in several times faster.
    by_id = sorted(assignments, key=attrgetter("assignment_id"))
    writing = asyncio.create_task(_write(transaction, profiles, by_id))
    try:
        event = command_event(command, counters, cause, now)
        records = await _encoded(context, command, assignments, cause, now)
    finally:
        await writing
    transaction.publish(COMMANDS, command.command_id, event, event.id)
    await transaction.publish_new(ASSIGNMENTS, records)
    metrics, recipients = context.metrics, len(assignments)
    metrics.commands.labels(order.status).inc()
    metrics.assignments.labels(order.status).inc(recipients)
    metrics.fan_out.labels(order.status).observe(recipients)


async def revoke_command(
    commands: LockedCommands, command_id: str, officer_id: str, reason: str, cause: Cause
) -> None:
    """Revoke the command and recall its unfinished assignments."""
    unfinished = set(AssignmentState) - OVER
    for assignment in await commands.load_in_states(command_id, unfinished):
        latest = commands.assignments[assignment.assignment_id]
        now = commands.transaction.now
        commands.change(
            end_assignment(latest, AssignmentTrigger.RECALL, officer_id, reason, now), cause
        )
    commands.move(command_id, lifecycle.CommandTrigger.REVOKE, cause)


async def reopen_command(
    commands: LockedCommands, command_id: str, cause: Cause, reason: str
) -> None:
    """Re-open a closed command: its done and returned assignments begin a new attempt."""
    level = commands.commands[command_id].level
    modes = await mode_store.load_modes(commands.transaction)
    for assignment in await commands.load_in_states(command_id, _REOPENED):
        parent = commands.assignments.get(assignment.parent_assignment_id or "")
        if parent is not None and parent.state in OVER:
            continue  # A part stays closed when its parent was taken away from the splitting unit.
        reopened = reopen_assignment(
            commands.assignments[assignment.assignment_id],
            cause.actor,
            reason,
            commands.transaction.now,
            DeadlineTerms(
                commands.profiles.of(assignment.unit),
                level,
                modes.effective(assignment.status, assignment.unit),
                commands.finish_of_parent(assignment),
            ),
        )
        commands.change(reopened, cause)
    commands.move(command_id, lifecycle.CommandTrigger.RECUR, cause)


async def urge_units(commands: LockedCommands, command_id: str, within: str, cause: Cause) -> None:
    """Call the units of the command at or below `within` that have not signed, or are late."""
    context, now = commands.context, commands.transaction.now
    encoder = CallEncoder(commands.commands[command_id], now, fast=context.fast_path)
    records, statuses = [], Counter[Status]()
    for assignment in await commands.load_in_states(command_id, FINISH_RUNS):
        latest = commands.assignments[assignment.assignment_id]
        chain = escalation_chain(latest.unit, context.posts)
        call = urging_call(latest, chain, cause.record_id, cause.occurred_at, now)
        if call is not None and is_within(latest.unit, within):
            records.append((command_id, *encoder.encode(latest, call)))
            statuses[latest.status] += 1
    await commands.transaction.publish_new(SUPERVISION, records)
    for status, count in statuses.items():
        context.metrics.supervision.labels(SupervisionKind.URGED, status).inc(count)


async def _write(
    transaction: Transaction, profiles: SlaProfiles, assignments: Sequence[Assignment]
) -> None:
    """Write rows and timers; meanwhile nobody else may use the transaction's connection."""
    await assignment_store.insert_fan_out(transaction, assignments)
    await arm_new(transaction, timers_of_fan_out(assignments, profiles, transaction.now))


async def _encoded(
    context: CommandContext,
    command: Command,
    assignments: Sequence[Assignment],
    cause: Cause,
    now: datetime,
) -> list[tuple[str, str, bytes]]:
    """Return key, id and wire form of each assignment; other tasks get their turn in between."""
    examples = {assignment.brief: assignment for assignment in assignments}
    encoders = {
        brief: EventEncoder(assignment_template(command, example, now), fast=context.fast_path)
        for brief, example in examples.items()
    }
    results = []
    for number, assignment in enumerate(assignments, 1):
        results.append((assignment.unit, *encoders[assignment.brief].encode(assignment, cause)))
        if number % _RECORDS_PER_TURN == 0:
            await asyncio.sleep(0)
    return results
