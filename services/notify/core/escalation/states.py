"""The steps of an escalation through its lifecycle."""

from __future__ import annotations

from shared.contracts.lifecycles.escalation import (
    FINAL,
    INITIAL,
    LIVE,
    TRANSITIONS,
    EscalationState,
    EscalationStep,
)

__all__ = [
    "FINAL",
    "INITIAL",
    "LIVE",
    "TRANSITIONS",
    "EscalationState",
    "EscalationStep",
    "IllegalStep",
    "step",
]


class IllegalStep(Exception):
    """The step is not possible in this state; nothing was changed."""


def step(state: EscalationState, event: EscalationStep) -> EscalationState:
    """Return the next state; raises IllegalStep."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for an escalation that is {state}") from None
