"""Which page goes out first when several wait for a channel, and which record is looked at first."""

from __future__ import annotations

from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.commands import AssignmentEvent, SupervisionEvent
from shared.contracts.fields import LEVEL_ORDER, Level, Status

RESERVED = 1
"""Up to here (a recall, red) a delivery loop of its own waits: nothing else ever stands in its way."""
_PRACTICE = 10


def priority(status: Status, level: Level, *, recalled: bool = False) -> int:
    """The smaller goes first: a recall, then by level; what is only practice after all that is real."""
    rank = 0 if recalled else 1 + LEVEL_ORDER[Level.RED] - LEVEL_ORDER[level]
    return rank if status is Status.ACTUAL else rank + _PRACTICE


def urgent(priority: int) -> bool:
    """Whether it is a recall or red, real or practised."""
    return priority % _PRACTICE <= RESERVED


def goes_first(message: object) -> bool:
    """Whether a record overtakes a backlog: it is red, or a recall, and no practice."""
    match message:
        case AlertEvent(status=Status.ACTUAL):
            red = Level.RED in (message.level, message.proposed_level)
            return red or message.transition is AlertTransition.RECALLED
        case AssignmentEvent(status=Status.ACTUAL) | SupervisionEvent(status=Status.ACTUAL):
            return message.level is Level.RED
        case _:
            return False
