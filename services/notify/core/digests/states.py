"""The steps of a digest through its lifecycle."""

from __future__ import annotations

from shared.contracts.lifecycles.digest import FINAL, INITIAL, TRANSITIONS, DigestState, DigestStep

__all__ = ["FINAL", "INITIAL", "TRANSITIONS", "DigestState", "DigestStep", "IllegalStep", "step"]


class IllegalStep(Exception):
    """The step is not possible in this state; nothing was changed."""


def step(state: DigestState, event: DigestStep) -> DigestState:
    """Return the next state; raises IllegalStep."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for a digest that is {state}") from None
