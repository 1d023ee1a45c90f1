"""The lifecycle of an alert: every change of its state goes through `step`.

The entitlement of an officer to cause an event is decided in authority.py.
"""

from __future__ import annotations

from shared.contracts.alerts import AlertState
from shared.contracts.lifecycles.alert import BACK, FINAL, INITIAL, TRANSITIONS, AlertTrigger

__all__ = ["BACK", "FINAL", "INITIAL", "TRANSITIONS", "AlertTrigger", "IllegalStep", "step"]


class IllegalStep(Exception):
    """The table of transitions does not name the event in this state."""

    def __init__(self, state: AlertState, event: AlertTrigger) -> None:
        super().__init__(f"an alert in state {state} does not take {event}")
        self.state = state
        self.event = event


def step(state: AlertState, event: AlertTrigger) -> AlertState:
    """Return the state after `event`; raises IllegalStep."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(state, event) from None
