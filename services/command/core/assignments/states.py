"""The lifecycle of an assignment 交办.

authority.py says which officer may cause an event, step_changes.py which conditions a step has.
"""

from __future__ import annotations

from services.command.core.transitions import IllegalStep, next_state
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
    AssignmentTrigger,
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
    "AssignmentTrigger",
    "IllegalStep",
    "State",
    "step",
]


def step(state: State, event: AssignmentTrigger) -> State:
    """Return the next state; raise IllegalStep when the table has no `event` for `state`."""
    return next_state(TRANSITIONS, state, event, "an assignment")
