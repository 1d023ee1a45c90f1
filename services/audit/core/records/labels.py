"""The labels under which records are counted; a closed set per topic."""

from __future__ import annotations

from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, AlertEvent
from shared.contracts.assignments import Acknowledgement, AssignmentEvent
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.commands import CommandEvent, CommandRequest
from shared.contracts.envelope import Envelope
from shared.contracts.letter_acts import LetterAct
from shared.contracts.limits_acts import LimitsAct
from shared.contracts.modes import ModeProposal, ModeRequest, ResponseModeEvent
from shared.contracts.pages import Answer, Page
from shared.contracts.refusals import Refusal, SourceRefusal
from shared.contracts.silences import SilenceRequest
from shared.contracts.supervision import SupervisionEvent

FIRST = "first"
"""A record that is the first version of its subject is counted under this label too."""


def labels_of(message: Envelope) -> list[str]:
    """Return the labels under which the record is counted within its topic."""
    match message:
        case AlarmEvent() | AlertEvent():
            label = str(message.transition)
        case AssignmentEvent():
            label = f"{message.unit_tier}:{message.state}"
        case CommandEvent() | Page() | ModeProposal():
            label = str(message.state)
        case (
            AlertDecision()
            | CommandRequest()
            | Answer()
            | ModeRequest()
            | SilenceRequest()
            | LetterAct()
            | LimitsAct()
        ):
            label = str(message.verb)
        case CatalogRequest():
            label = message.act.op
        case Acknowledgement():
            label = str(message.step)
        case SupervisionEvent():
            label = f"{message.kind}:{message.rung}"
        case ResponseModeEvent():
            label = str(message.mode)
        case Refusal() | SourceRefusal():
            label = str(message.reason)
        case _:
            label = "record"
    return [label, FIRST] if getattr(message, "version", 0) == 1 else [label]
