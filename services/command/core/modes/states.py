"""The lifecycle of a proposal of a response mode 平急转换."""

from __future__ import annotations

from services.command.core.transitions import IllegalStep, next_state
from shared.contracts.lifecycles.mode_proposal import (
    FINAL,
    INITIAL,
    OPEN,
    TRANSITIONS,
    ProposalTrigger,
    State,
)

__all__ = [
    "FINAL",
    "INITIAL",
    "OPEN",
    "TRANSITIONS",
    "IllegalStep",
    "ProposalTrigger",
    "State",
    "step",
]


def step(state: State, event: ProposalTrigger) -> State:
    """Return the next state; raise IllegalStep when the table has no `event` for `state`."""
    return next_state(TRANSITIONS, state, event, "a proposal")
