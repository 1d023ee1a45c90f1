"""How far a unit is with reporting an incident upward 上报, as one table; command steps by it.

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
"""Nothing is owed any more."""
OPEN = frozenset(State) - FINAL
PHONE_OWED = frozenset({State.OWED})
"""The first report by phone is waited for."""
WRITTEN_OWED = frozenset({State.OWED, State.PHONED})
"""The first report in writing is waited for."""
FOLLOW_UP_OWED = frozenset({State.WRITTEN})
"""Follow-up reports are waited for."""
FINAL_OWED = frozenset({State.CLOSING})
"""The final report is waited for."""
