"""How a proposal of a response mode 平急转换 steps through its lifecycle."""

from __future__ import annotations

from shared.contracts.lifecycles.mode_proposal import (
    FINAL,
    INITIAL,
    OPEN,
    TRANSITIONS,
    Event,
    State,
)

__all__ = ["FINAL", "INITIAL", "OPEN", "TRANSITIONS", "Event", "IllegalStep", "State", "step"]


class IllegalStep(Exception):
    """The event is not possible in this state; nothing has changed."""


def step(state: State, event: Event) -> State:
    """The next state; raises IllegalStep when the table does not list `event` for `state`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for a proposal that is {state}") from None
