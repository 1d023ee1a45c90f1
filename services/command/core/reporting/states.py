"""How far a unit is with reporting an incident upward 上报, as one table.

The first report is due by phone and in writing; a written one says at least what a call says, so it
meets both. After it, follow-ups are due for as long as the alert stands; `lift` asks those who have
reported for the final report 终报. An alert that was never reported and is over, a false one and one
that was taken back end the duty; what was overdue stays overdue.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.reports import DutyState

State = DutyState


class Event(StrEnum):
    """What moves a duty: reports by their means and kind, and the alert's end."""

    PHONE = "phone"
    WRITE = "write"
    LIFT = "lift"
    FINISH = "finish"
    END = "end"


class IllegalStep(Exception):
    """The event is not possible in this state; nothing has changed."""


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.OWED: {
        Event.PHONE: State.PHONED,
        Event.WRITE: State.WRITTEN,
        Event.LIFT: State.ENDED,
        Event.FINISH: State.DONE,
        Event.END: State.ENDED,
    },
    State.PHONED: {
        Event.WRITE: State.WRITTEN,
        Event.LIFT: State.CLOSING,
        Event.FINISH: State.DONE,
        Event.END: State.ENDED,
    },
    State.WRITTEN: {
        Event.LIFT: State.CLOSING,
        Event.FINISH: State.DONE,
        Event.END: State.ENDED,
    },
    State.CLOSING: {Event.FINISH: State.DONE, Event.END: State.ENDED},
    State.DONE: {},
    State.ENDED: {},
}
INITIAL = State.OWED
FINAL = frozenset({State.DONE, State.ENDED})


def step(state: State, event: Event) -> State:
    """The next state; raises IllegalStep when the table does not list `event` for `state`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(f"{event} is not possible for a duty that is {state}") from None
