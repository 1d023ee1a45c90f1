"""What overtakes a backlog of everything else."""

from __future__ import annotations

from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertDecision, DecisionVerb
from shared.contracts.fields import Level, Status


def goes_first(message: object) -> bool:
    """Whether it is a red danger, or the recall of an alert; what is only practice delays nothing real."""
    match message:
        case AlarmEvent(status=Status.ACTUAL, level=Level.RED):
            return message.transition is not AlarmTransition.CLEARED
        case AlertDecision(status=Status.ACTUAL):
            return message.verb is DecisionVerb.RECALL
        case _:
            return False
