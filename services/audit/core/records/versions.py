"""The newest version of each open subject, as its topic publishes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.alerts import AlertEvent
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.commands import CommandEvent
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Status
from shared.contracts.lifecycles import alert, assignment, command, page
from shared.contracts.pages import Page, PageState

_ENDED: dict[str, frozenset[StrEnum]] = {
    "alert": frozenset(alert.FINAL),
    "command": frozenset(command.ENDED),
    "assignment": frozenset(assignment.OVER),
    "page": frozenset(PageState) - page.WAITING,
}
"""States in which nothing is due: a subject in one of them is not compared until it opens again."""


@dataclass(frozen=True, slots=True)
class SubjectVersion:
    """A version of an alert, a command, an assignment or a page."""

    kind: str
    subject_id: str
    status: Status
    version: int
    state: str
    ended: bool


def version_of(message: Envelope) -> SubjectVersion | None:
    """Return the version that the record publishes, None for a record about other subjects."""
    match message:
        case AlertEvent():
            kind, subject_id = "alert", message.alert_id
        case CommandEvent():
            kind, subject_id = "command", message.command_id
        case AssignmentEvent():
            kind, subject_id = "assignment", message.assignment_id
        case Page():
            kind, subject_id = "page", message.page_id
        case _:
            return None
    state, ended = str(message.state), message.state in _ENDED[kind]
    return SubjectVersion(kind, subject_id, message.status, message.version, state, ended)
