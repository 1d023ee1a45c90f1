"""The steps of a page through its lifecycle."""

from __future__ import annotations

from shared.contracts.lifecycles.page import FINAL, INITIAL, TRANSITIONS, WAITING, PageTrigger
from shared.contracts.pages import PageState
from shared.domain.state_machine import IllegalStep, next_state

__all__ = ["FINAL", "INITIAL", "TRANSITIONS", "WAITING", "IllegalStep", "PageTrigger", "step"]


def step(state: PageState, event: PageTrigger) -> PageState:
    """Return the next state; raises IllegalStep."""
    return next_state(TRANSITIONS, state, event, "a page")
