"""A ladder 叫应: the sequence of calls about one cause, until somebody comes or it is settled.

The rules: `coming` ends it, from every living state; who said he comes and then declines, or does
not act in the promised time, opens it again; a settled subject closes it; when the last call went
unanswered it is exhausted, which stays visible until somebody answers or the subject is settled.
Only an open ladder has an armed timer of kind `answer`, and it has exactly one; an answered one
that goes by a promise has one of kind `promise`.
"""

from __future__ import annotations

from enum import StrEnum


class LadderState(StrEnum):
    """How far the calling is."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    EXHAUSTED = "exhausted"


class LadderStep(StrEnum):
    """What happens to a ladder."""

    COMING = "coming"
    CALLED_ON = "called_on"
    SETTLED = "settled"
    RAN_OUT = "ran_out"


INITIAL = LadderState.OPEN

TRANSITIONS: dict[LadderState, dict[LadderStep, LadderState]] = {
    LadderState.OPEN: {
        LadderStep.COMING: LadderState.ANSWERED,
        LadderStep.CALLED_ON: LadderState.OPEN,
        LadderStep.SETTLED: LadderState.CLOSED,
        LadderStep.RAN_OUT: LadderState.EXHAUSTED,
    },
    LadderState.EXHAUSTED: {
        LadderStep.COMING: LadderState.ANSWERED,
        LadderStep.SETTLED: LadderState.CLOSED,
    },
    # The only way back: he said he comes, then that he cannot, or his time was over.
    LadderState.ANSWERED: {
        LadderStep.CALLED_ON: LadderState.OPEN,
        LadderStep.RAN_OUT: LadderState.EXHAUSTED,
        LadderStep.SETTLED: LadderState.CLOSED,
    },
    LadderState.CLOSED: {},
}

FINAL = frozenset({LadderState.CLOSED})
"""Nothing follows these."""

LIVE = frozenset({LadderState.OPEN, LadderState.EXHAUSTED})
"""Nobody has said yet that he comes, and it still matters."""
