"""The life of a proposal of a response mode 平急转换 as one table.

Rules: two people decide; a person's proposal carries the proposer's signature and is half approved
from the start, the rule's waits for two. What is undecided in time expires, and so does whatever else
lies open when another proposal of the unit is decided. A decided mode is in force until it ends: by
itself, by a person, or because another decision takes its place.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.modes import ProposalState

State = ProposalState


class Event(StrEnum):
    """What can happen to a proposal. sign: the first signature; decide: the last."""

    SIGN = "sign"
    DECIDE = "decide"
    REJECT = "reject"
    EXPIRE = "expire"
    END = "end"


class IllegalStep(Exception):
    """The event is not possible in this state; nothing has changed."""


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.PROPOSED: {
        Event.SIGN: State.HALF_APPROVED,
        Event.REJECT: State.REJECTED,
        Event.EXPIRE: State.EXPIRED,
    },
    State.HALF_APPROVED: {
        Event.DECIDE: State.DECIDED,
        Event.REJECT: State.REJECTED,
        Event.EXPIRE: State.EXPIRED,
    },
    State.DECIDED: {Event.END: State.ENDED},
    State.REJECTED: {},
    State.EXPIRED: {},
    State.ENDED: {},
}
INITIAL = State.PROPOSED
FINAL = frozenset({State.REJECTED, State.EXPIRED, State.ENDED})
OPEN = frozenset({State.PROPOSED, State.HALF_APPROVED})
"""States in which a signature is waited for."""


def step(state: State, event: Event) -> State:
    """The next state; raises IllegalStep when the table does not list `event` for `state`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for a proposal that is {state}") from None
