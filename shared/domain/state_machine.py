"""The step of a state machine by its table (shared/contracts/lifecycles)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

State = TypeVar("State")
Event = TypeVar("Event")


class IllegalStep(Exception):
    """The event is not possible in the present state; nothing was changed."""


def next_state(
    transitions: Mapping[State, Mapping[Event, State]], state: State, event: Event, subject: str
) -> State:
    """Return the next state; raise IllegalStep when the table has no such event for the state.

    `subject` names the kind of subject in the error, with its article: "a page".
    """
    try:
        return transitions[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for {subject} that is {state}") from None
