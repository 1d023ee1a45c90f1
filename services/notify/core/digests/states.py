"""The steps of a digest through its lifecycle."""

from __future__ import annotations

from shared.contracts.lifecycles.digest import (
    FINAL,
    INITIAL,
    TRANSITIONS,
    DigestState,
    DigestTrigger,
)
from shared.domain.state_machine import IllegalStep, next_state

__all__ = ["FINAL", "INITIAL", "TRANSITIONS", "DigestState", "DigestTrigger", "IllegalStep", "step"]


def step(state: DigestState, event: DigestTrigger) -> DigestState:
    """Return the next state; raises IllegalStep."""
    return next_state(TRANSITIONS, state, event, "a digest")
