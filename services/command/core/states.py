"""The life of one assignment 交办 as one table (domain reference 5.3).

Rules: everything that moves an assignment is in TRANSITIONS; an event that the table does not list
raises IllegalStep and changes nothing. A unit may report straight after signing (accept 受理 and
handle 办理 are optional). A return 退回 is possible until the report. Only the issuer checks, sends
back and closes. Sending back starts a new attempt in DELIVERED.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.commands import AssignmentState, Step

State = AssignmentState


class Event(StrEnum):
    """What can happen to an assignment: the steps of people, and two acts of the system."""

    DELIVER = "deliver"
    SIGN = "sign"
    ACCEPT = "accept"
    HANDLE = "handle"
    REPORT = "report"
    RETURN = "return"
    CHECK = "check"
    SEND_BACK = "send_back"
    CLOSE = "close"
    REVOKE = "revoke"


class IllegalStep(Exception):
    """The event is not possible in this state; nothing has changed."""


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.QUEUED: {Event.DELIVER: State.DELIVERED, Event.REVOKE: State.REVOKED},
    State.DELIVERED: {
        Event.SIGN: State.SIGNED,
        Event.RETURN: State.RETURNED,
        Event.REVOKE: State.REVOKED,
    },
    State.SIGNED: {
        Event.ACCEPT: State.ACCEPTED,
        Event.HANDLE: State.HANDLING,
        Event.REPORT: State.REPORTED,
        Event.RETURN: State.RETURNED,
        Event.REVOKE: State.REVOKED,
    },
    State.ACCEPTED: {
        Event.HANDLE: State.HANDLING,
        Event.REPORT: State.REPORTED,
        Event.RETURN: State.RETURNED,
        Event.REVOKE: State.REVOKED,
    },
    State.HANDLING: {
        Event.REPORT: State.REPORTED,
        Event.RETURN: State.RETURNED,
        Event.REVOKE: State.REVOKED,
    },
    State.REPORTED: {
        Event.CHECK: State.CHECKED,
        Event.SEND_BACK: State.DELIVERED,
        Event.REVOKE: State.REVOKED,
    },
    State.CHECKED: {Event.CLOSE: State.DONE, Event.REVOKE: State.REVOKED},
    State.RETURNED: {Event.SEND_BACK: State.DELIVERED, Event.REVOKE: State.REVOKED},
    State.DONE: {},
    State.REVOKED: {},
}
INITIAL = State.QUEUED
FINAL = frozenset({State.DONE, State.REVOKED})

CHAIN = (Step.SIGN, Step.ACCEPT, Step.HANDLE, Step.REPORT)
"""The recipient's way forward, in order."""
RANK: dict[State, int] = {
    State.QUEUED: -1,
    State.DELIVERED: 0,
    State.SIGNED: 1,
    State.ACCEPTED: 2,
    State.HANDLING: 3,
    State.REPORTED: 4,
    State.CHECKED: 5,
    State.DONE: 6,
}
"""How far along the chain a state is; RETURNED and REVOKED are off it."""
SIGN_RUNS = frozenset({State.DELIVERED})
"""States in which the signing clock runs."""
FINISH_RUNS = frozenset({State.DELIVERED, State.SIGNED, State.ACCEPTED, State.HANDLING})
"""States in which the finishing clock runs."""


def step(state: State, event: Event) -> State:
    """The next state; raises IllegalStep when the table does not list `event` for `state`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for an assignment that is {state}") from None
