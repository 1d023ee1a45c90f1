"""The steps of an escalation through its lifecycle."""

from __future__ import annotations

from shared.contracts.lifecycles.escalation import (
    FINAL,
    INITIAL,
    LIVE,
    TRANSITIONS,
    EscalationState,
    EscalationTrigger,
)
from shared.domain.state_machine import IllegalStep, next_state

__all__ = [
    "FINAL",
    "INITIAL",
    "LIVE",
    "TRANSITIONS",
    "EscalationState",
    "EscalationTrigger",
    "IllegalStep",
    "step",
]


def step(state: EscalationState, event: EscalationTrigger) -> EscalationState:
    """Return the next state; raises IllegalStep."""
    return next_state(TRANSITIONS, state, event, "an escalation")
