"""The life of a whole command 指令 as one table; it follows from its assignments and the issuer.

`settle`: every assignment is reported or returned. `reopen`: one of them has been sent back.
"""

from __future__ import annotations

from enum import StrEnum

from services.command.core.states import IllegalStep
from shared.contracts.commands import CommandState

State = CommandState


class Event(StrEnum):
    """What moves a command."""

    SETTLE = "settle"
    REOPEN = "reopen"
    CLOSE = "close"
    REVOKE = "revoke"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.ISSUED: {Event.SETTLE: State.AWAITING_CHECK, Event.REVOKE: State.REVOKED},
    State.AWAITING_CHECK: {
        Event.REOPEN: State.ISSUED,
        Event.CLOSE: State.CLOSED,
        Event.REVOKE: State.REVOKED,
    },
    State.CLOSED: {},
    State.REVOKED: {},
}
INITIAL = State.ISSUED
FINAL = frozenset({State.CLOSED, State.REVOKED})


def step(state: State, event: Event) -> State:
    """The next state; raises IllegalStep when the table does not list `event` for `state`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for a command that is {state}") from None
