"""The lifecycle of an alert: every change of its state goes through `step`.

The entitlement of an officer to cause an event is decided in authority.py.
"""

from __future__ import annotations

from shared.contracts.alerts import AlertState
from shared.contracts.lifecycles.alert import BACK, FINAL, INITIAL, TRANSITIONS, AlertTrigger
from shared.domain.state_machine import IllegalStep, next_state

__all__ = ["BACK", "FINAL", "INITIAL", "TRANSITIONS", "AlertTrigger", "IllegalStep", "step"]


def step(state: AlertState, event: AlertTrigger) -> AlertState:
    """Return the state after `event`; raises IllegalStep."""
    return next_state(TRANSITIONS, state, event, "an alert")
