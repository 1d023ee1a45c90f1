"""The states of an escalation 叫应: the sequence of calls about one cause.

An escalation goes on until an officer answers `coming`, or until its subject is settled.

- `coming` ends the calls, from every live state, when the quorum of the call plan is reached. Until
  then the other officers are called on.
- `need_help` does not end the calls: the next post is called as well, also after a promise.
- An officer who answered `coming` and then declines, or does not act in the promised time, reopens
  the escalation.
- When the subject is settled, the escalation is closed.
- When the last call was not answered, the escalation is exhausted. It stays on the screens until an
  officer answers or the subject is settled.

An open escalation has exactly one armed timer of kind `answer`. An answered escalation with a
promise has one timer of kind `promise`. No other escalation has one of these timers.
"""

from __future__ import annotations

from enum import StrEnum


class EscalationState(StrEnum):
    """The progress of an escalation."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    EXHAUSTED = "exhausted"


class EscalationTrigger(StrEnum):
    """The events of an escalation."""

    COMING = "coming"
    CALLED_ON = "called_on"
    SETTLED = "settled"
    RAN_OUT = "ran_out"


INITIAL = EscalationState.OPEN

TRANSITIONS: dict[EscalationState, dict[EscalationTrigger, EscalationState]] = {
    EscalationState.OPEN: {
        EscalationTrigger.COMING: EscalationState.ANSWERED,
        EscalationTrigger.CALLED_ON: EscalationState.OPEN,
        EscalationTrigger.SETTLED: EscalationState.CLOSED,
        EscalationTrigger.RAN_OUT: EscalationState.EXHAUSTED,
    },
    EscalationState.EXHAUSTED: {
        EscalationTrigger.COMING: EscalationState.ANSWERED,
        EscalationTrigger.SETTLED: EscalationState.CLOSED,
    },
    # An answered escalation is reopened when the officer declines after all, or breaks the promise.
    EscalationState.ANSWERED: {
        EscalationTrigger.CALLED_ON: EscalationState.OPEN,
        EscalationTrigger.RAN_OUT: EscalationState.EXHAUSTED,
        EscalationTrigger.SETTLED: EscalationState.CLOSED,
    },
    EscalationState.CLOSED: {},
}

FINAL = frozenset({EscalationState.CLOSED})
"""States that no step leaves."""

LIVE = frozenset({EscalationState.OPEN, EscalationState.EXHAUSTED})
"""States in which no officer has answered `coming` and the subject is not settled."""
