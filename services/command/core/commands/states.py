"""The lifecycle of a whole command 指令."""

from __future__ import annotations

from services.command.core.transitions import IllegalStep, next_state
from shared.contracts.lifecycles.command import (
    ENDED,
    FINAL,
    INITIAL,
    OPEN,
    READY,
    TRANSITIONS,
    CommandTrigger,
    State,
)

__all__ = [
    "ENDED",
    "FINAL",
    "INITIAL",
    "OPEN",
    "READY",
    "TRANSITIONS",
    "CommandTrigger",
    "IllegalStep",
    "State",
    "step",
]


def step(state: State, event: CommandTrigger) -> State:
    """Return the next state; raise IllegalStep when the table has no `event` for `state`."""
    return next_state(TRANSITIONS, state, event, "a command")
