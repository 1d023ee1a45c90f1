"""Commands, their assignments, and the steps of officers."""

from __future__ import annotations

from services.audit.unit_of_work import UnitOfWork
from shared.contracts.assignments import Acknowledgement, AssignmentEvent
from shared.contracts.commands import CommandEvent, CommandRequest
from shared.contracts.envelope import Envelope
from shared.contracts.supervision import SupervisionEvent
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ASSIGNMENTS,
    COMMAND_REQUESTS,
    COMMANDS,
    SUPERVISION,
)
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


def load(message: Envelope, unit: UnitOfWork) -> None:
    """Each record needs the statuses of the command and of the alert behind the command."""
    unit.need_statuses(message)


@router.subscriber(COMMANDS, load=load)
async def check_command(command: CommandEvent, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count command and recipients, remember the version, enter the effect of a person."""
    unit.count(record)
    unit.count_recipients(command)
    unit.save_version(command)
    unit.enter(command)


@router.subscriber(COMMAND_REQUESTS, load=load)
async def enter_request(request: CommandRequest, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the request and enter it."""
    unit.count(record)
    unit.enter(request)


@router.subscriber(ASSIGNMENTS, load=load)
async def check_assignment(
    assignment: AssignmentEvent, unit: UnitOfWork, record: InboundMessage
) -> None:
    """Count the assignment, also towards its command, and remember its version."""
    unit.count(record)
    unit.count_recipients(assignment)
    unit.save_version(assignment)


@router.subscriber(ACKNOWLEDGEMENTS, load=load)
async def enter_step(step: Acknowledgement, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the step of an officer and enter it."""
    unit.count(record)
    unit.enter(step)


@router.subscriber(SUPERVISION, load=load)
async def count_supervision(_: SupervisionEvent, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the supervision event."""
    unit.count(record)
