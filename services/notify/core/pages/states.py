"""The steps of a page through its lifecycle."""

from __future__ import annotations

from shared.contracts.lifecycles.page import FINAL, INITIAL, TRANSITIONS, WAITING, PageStep
from shared.contracts.pages import PageState

__all__ = ["FINAL", "INITIAL", "TRANSITIONS", "WAITING", "IllegalStep", "PageStep", "step"]


class IllegalStep(Exception):
    """The step is not possible in this state; nothing was changed."""

    def __init__(self, state: PageState, event: PageStep) -> None:
        super().__init__(f"{event} is not possible for a page that is {state}")
        self.state = state
        self.event = event


def step(state: PageState, event: PageStep) -> PageState:
    """Return the next state; raises IllegalStep."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(state, event) from None
