"""How an alert steps through its lifecycle: everything that moves an alert's state goes through `step`.

Who may cause an event is authority.py's matter.
"""

from __future__ import annotations

from shared.contracts.alerts import AlertState
from shared.contracts.lifecycles.alert import BACK, FINAL, INITIAL, TRANSITIONS, AlertCause

__all__ = ["BACK", "FINAL", "INITIAL", "TRANSITIONS", "AlertCause", "IllegalStep", "step"]


class IllegalStep(Exception):
    """The state does not know the event."""

    def __init__(self, state: AlertState, event: AlertCause) -> None:
        super().__init__(f"an alert in state {state} does not take {event}")
        self.state = state
        self.event = event


def step(state: AlertState, event: AlertCause) -> AlertState:
    """The state after `event`; raises IllegalStep."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(state, event) from None
