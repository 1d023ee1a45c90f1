"""The alerts and commands to which a record belongs. All records of a subject share a status."""

from __future__ import annotations

from shared.contracts.alerts import AlertDecision, AlertEvent, PublicNotice
from shared.contracts.assignments import Acknowledgement, AssignmentEvent
from shared.contracts.commands import CommandEvent, CommandRequest
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Status
from shared.contracts.pages import Page
from shared.contracts.supervision import SupervisionEvent


def subjects_of(message: Envelope) -> list[str]:
    """Return the ids of the alerts and commands to which the record belongs."""
    match message:
        case AlertEvent() | PublicNotice():
            return [message.alert_id]
        case AlertDecision():
            return [message.alert_id, *([message.into] if message.into is not None else [])]
        case CommandEvent() | AssignmentEvent() | Page():
            ids = (message.alert_id, message.command_id)
            return [subject_id for subject_id in ids if subject_id is not None]
        case CommandRequest() | Acknowledgement():
            return [message.command_id]
        case SupervisionEvent():
            return [] if message.command_id is None else [message.command_id]
        case _:
            return []


def is_public_drill(message: Envelope) -> bool:
    """Return True for a public notice of a drill: the drill has left the system."""
    return isinstance(message, PublicNotice) and message.status is not Status.ACTUAL
