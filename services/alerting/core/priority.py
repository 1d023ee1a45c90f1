"""The messages that are handled before the backlog."""

from __future__ import annotations

from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertDecision, DecisionVerb
from shared.contracts.fields import Level, Status


def is_urgent(message: object) -> bool:
    """Return whether the message is a red alarm or the recall of an alert.

    A message of a drill is never urgent, since it must not delay the real world.
    """
    match message:
        case AlarmEvent(status=Status.ACTUAL, level=Level.RED):
            return message.transition is not AlarmTransition.CLEARED
        case AlertDecision(status=Status.ACTUAL):
            return message.verb is DecisionVerb.RECALL
        case _:
            return False
