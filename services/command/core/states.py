"""How an assignment 交办 steps through its lifecycle.

Who may cause an event is authority.py's matter, which further conditions it has steps.py's.
"""

from __future__ import annotations

from shared.contracts.lifecycles.assignment import (
    CHAIN,
    EVENTS,
    FINAL,
    FINISH_RUNS,
    INITIAL,
    OVER,
    RANK,
    RESUMES,
    SIGN_RUNS,
    STEPS,
    TRANSITIONS,
    Event,
    State,
)

__all__ = [
    "CHAIN",
    "EVENTS",
    "FINAL",
    "FINISH_RUNS",
    "INITIAL",
    "OVER",
    "RANK",
    "RESUMES",
    "SIGN_RUNS",
    "STEPS",
    "TRANSITIONS",
    "Event",
    "IllegalStep",
    "State",
    "step",
]


class IllegalStep(Exception):
    """The event is not possible in this state; nothing has changed."""


def step(state: State, event: Event) -> State:
    """The next state; raises IllegalStep when the table does not list `event` for `state`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for an assignment that is {state}") from None
