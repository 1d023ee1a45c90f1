"""The order of pages that wait for a channel, and of records in a backlog."""

from __future__ import annotations

from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.fields import LEVEL_ORDER, Level, Status
from shared.contracts.supervision import SupervisionEvent

RESERVED = 1
"""The last priority (a recall is 0, red is 1) for which a delivery loop of its own is reserved."""
_PRACTICE = 10


def priority(status: Status, level: Level, *, recalled: bool = False) -> int:
    """Return the priority: the smaller goes first.

    A recall goes first, then the levels in order; drills and tests go after all real pages.
    """
    rank = 0 if recalled else 1 + LEVEL_ORDER[Level.RED] - LEVEL_ORDER[level]
    return rank if status is Status.ACTUAL else rank + _PRACTICE


def is_urgent(priority: int) -> bool:
    """Return True for a recall or red, real or practised."""
    return priority % _PRACTICE <= RESERVED


def is_urgent_record(message: object) -> bool:
    """Return True for a record that overtakes a backlog: red or a recall, and real."""
    match message:
        case AlertEvent(status=Status.ACTUAL):
            red = Level.RED in (message.level, message.proposed_level)
            return red or message.transition is AlertTransition.RECALLED
        case AssignmentEvent(status=Status.ACTUAL) | SupervisionEvent(status=Status.ACTUAL):
            return message.level is Level.RED
        case _:
            return False
