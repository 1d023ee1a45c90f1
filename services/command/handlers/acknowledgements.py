"""Acknowledgements: steps of officers on assignments, all of a transaction together.

A long batch is worked through in parts: while one part is decided, Postgres writes the changes of
the part before and reads the assignments of the part after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.command.core.assignments.model import OfficerStep
from services.command.core.assignments.steps import StepOutcome
from services.command.core.commands.authority import refusal
from services.command.fastpath.plain_steps import PlainStep
from services.command.store import modes as mode_store
from services.command.unit_of_work import UnitOfWork
from services.command.unit_of_work.commands import LockedCommands
from services.command.unit_of_work.officer_steps import OfficerSteps
from shared.contracts.assignments import Acknowledgement, Step
from shared.contracts.dead_letter import Reason
from shared.contracts.ids import assignment_id
from shared.contracts.topics import ACKNOWLEDGEMENTS
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()

_BEGINS_ATTEMPT = frozenset({Step.SEND_BACK, Step.SPLIT, Step.REASSIGN})
"""Steps with which an attempt of some unit begins: its deadlines follow from the unit's mode."""
_STEPS_PER_PART = 1_000
"""Steps whose changes are written together."""
_STEPS_PER_TURN = 50
"""Steps after which Postgres may get its next statement: about a millisecond of work."""


def load(acknowledgement: Acknowledgement | PlainStep, unit: UnitOfWork) -> None:
    """An acknowledgement needs its command."""
    unit.need_command(acknowledgement.command_id)


@router.subscriber(ACKNOWLEDGEMENTS, load=load, batch=True)
async def handle_acknowledgements(
    acknowledgements: Sequence[Acknowledgement | PlainStep],
    unit: UnitOfWork,
    records: Sequence[InboundMessage],
) -> None:
    """Apply the steps in their order; refuse those that are not possible."""
    commands = await unit.commands()
    modes = None
    if any(acknowledgement.step in _BEGINS_ATTEMPT for acknowledgement in acknowledgements):
        modes = await mode_store.load_modes(unit.transaction)
    steps = OfficerSteps(commands, modes)
    parts = [records[at : at + _STEPS_PER_PART] for at in range(0, len(records), _STEPS_PER_PART)]
    await commands.load(_assignment_ids(parts[0]))
    try:
        for part, next_part in zip(parts, [*parts[1:], ()], strict=True):
            await commands.start_writing(_assignment_ids(next_part))
            with unit.transaction.loop_priority.hold():
                for number, record in enumerate(part, 1):
                    try:
                        outcome = await _apply(record, commands, steps)
                        unit.step_outcomes[outcome, record.message.status] += 1
                    except Reject as reject:
                        unit.transaction.refuse(record.message, reject)
                    if number % _STEPS_PER_TURN == 0:
                        await asyncio.sleep(0)
    finally:
        await commands.finish_writing()


async def _apply(
    record: InboundMessage, commands: LockedCommands, steps: OfficerSteps
) -> StepOutcome:
    acknowledgement: Acknowledgement | PlainStep = record.message
    assignment = commands.assignments.get(acknowledgement.assignment_id)
    command = commands.commands.get(acknowledgement.command_id)
    if assignment is None or command is None or assignment.command_id != acknowledgement.command_id:
        raise Reject(
            Reason.UNKNOWN_SUBJECT,
            f"no assignment {acknowledgement.assignment_id} "
            f"under command {acknowledgement.command_id}",
        )
    if acknowledgement.unit != assignment.unit:
        raise Reject(
            Reason.UNKNOWN_SUBJECT, f"this assignment is not of unit {acknowledgement.unit}"
        )
    if acknowledgement.status is not assignment.status:
        raise Reject(
            Reason.NOT_ALLOWED,
            f"a step of {acknowledgement.status} cannot change what is {command.status}",
        )
    reason = refusal(acknowledgement.step, acknowledgement.officer_unit, assignment, command)
    if reason is not None:
        raise Reject(Reason.NOT_ALLOWED, reason)
    officer_step = OfficerStep(
        acknowledgement.step,
        acknowledgement.id,
        acknowledgement.officer_id,
        acknowledgement.officer_unit,
        acknowledgement.text,
        acknowledgement.occurred_at,
        acknowledgement.number or 1,
        acknowledgement.until,
        acknowledgement.units or (),
        acknowledgement.mandatory is not False,
    )
    acted_at = record.acted_at(commands.transaction.now)
    return await steps.apply(assignment, officer_step, acknowledgement.attempt, acted_at)


def _assignment_ids(records: Sequence[InboundMessage]) -> set[str]:
    """Return the assignments that the steps concern, with those that splits may have made."""
    part: list[Acknowledgement | PlainStep] = [record.message for record in records]
    ids = {acknowledgement.assignment_id for acknowledgement in part}
    return ids | {
        assignment_id(acknowledgement.command_id, unit)
        for acknowledgement in part
        for unit in acknowledgement.units or ()
    }
