"""The life of one digest as one table; notify steps by it. An event that is not in it is refused and changes nothing.

It gathers calls over budget until it is time, then it is one call of its own (a ladder that does not
climb). Settled: nothing that it told of waits any more. Lapsed: nobody answered it in time; what it tells
of goes to the next post call by call, each by its own clock, so the most urgent goes first. An answer
counts whenever it comes, and a later one is taken as well.
"""

from __future__ import annotations

from enum import StrEnum


class DigestState(StrEnum):
    """How far a digest is."""

    GATHERING = "gathering"
    SENT = "sent"
    ANSWERED = "answered"
    LAPSED = "lapsed"
    SETTLED = "settled"


class DigestStep(StrEnum):
    """What happens to a digest."""

    SENT = "sent"
    ANSWERED = "answered"
    LAPSED = "lapsed"
    SETTLED = "settled"


INITIAL = DigestState.GATHERING

TRANSITIONS: dict[DigestState, dict[DigestStep, DigestState]] = {
    DigestState.GATHERING: {
        DigestStep.SENT: DigestState.SENT,
        DigestStep.SETTLED: DigestState.SETTLED,
    },
    DigestState.SENT: {
        DigestStep.ANSWERED: DigestState.ANSWERED,
        DigestStep.LAPSED: DigestState.LAPSED,
        DigestStep.SETTLED: DigestState.SETTLED,
    },
    DigestState.LAPSED: {DigestStep.ANSWERED: DigestState.ANSWERED},
    DigestState.SETTLED: {},
    DigestState.ANSWERED: {DigestStep.ANSWERED: DigestState.ANSWERED},
}

FINAL = frozenset({DigestState.ANSWERED, DigestState.SETTLED})
"""Nothing else follows these."""

LIVE = frozenset({DigestState.GATHERING, DigestState.SENT, DigestState.LAPSED})
"""What it tells of may still wait."""
