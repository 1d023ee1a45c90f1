"""The newest state of whatever is open, as its topic tells it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.alerts import AlertEvent
from shared.contracts.commands import AssignmentEvent, CommandEvent
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Status
from shared.contracts.lifecycles import alert, assignment, command, page
from shared.contracts.pages import Page, PageState

_OVER: dict[str, frozenset[StrEnum]] = {
    "alert": frozenset(alert.FINAL),
    "command": frozenset(command.ENDED),
    "assignment": frozenset(assignment.OVER),
    "page": frozenset(PageState) - page.WAITING,
}
"""States after which nothing is due: what is in one of them is compared no more (until it re-opens)."""


@dataclass(frozen=True, slots=True)
class Newest:
    """A version of an alert, a command, an assignment or a page."""

    kind: str
    subject_id: str
    status: Status
    version: int
    state: str
    over: bool


def newest_of(message: Envelope) -> Newest | None:
    """What the record says about its subject; None when it is no version of anything."""
    match message:
        case AlertEvent():
            kind, subject = "alert", message.alert_id
        case CommandEvent():
            kind, subject = "command", message.command_id
        case AssignmentEvent():
            kind, subject = "assignment", message.assignment_id
        case Page():
            kind, subject = "page", message.page_id
        case _:
            return None
    over = message.state in _OVER[kind]
    return Newest(kind, subject, message.status, message.version, str(message.state), over)
