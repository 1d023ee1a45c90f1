"""How a whole command 指令 steps through its lifecycle."""

from __future__ import annotations

from services.command.core.states import IllegalStep
from shared.contracts.lifecycles.command import (
    ENDED,
    FINAL,
    INITIAL,
    OPEN,
    READY,
    TRANSITIONS,
    Event,
    State,
)

__all__ = [
    "ENDED",
    "FINAL",
    "INITIAL",
    "OPEN",
    "READY",
    "TRANSITIONS",
    "Event",
    "IllegalStep",
    "State",
    "step",
]


def step(state: State, event: Event) -> State:
    """The next state; raises IllegalStep when the table does not list `event` for `state`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for a command that is {state}") from None
