"""How the duty to report an incident upward 上报 steps through its lifecycle."""

from __future__ import annotations

from shared.contracts.lifecycles.report_duty import FINAL, INITIAL, TRANSITIONS, Event, State

__all__ = ["FINAL", "INITIAL", "TRANSITIONS", "Event", "IllegalStep", "State", "step"]


class IllegalStep(Exception):
    """The event is not possible in this state; nothing has changed."""


def step(state: State, event: Event) -> State:
    """The next state; raises IllegalStep when the table does not list `event` for `state`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for a duty that is {state}") from None
