"""The lifecycle of a digest as one table; notify steps by it.

An event that the table does not name is refused and changes nothing. A digest gathers the calls
above an officer's budget until its time, then it is one call that does not escalate. Settled: none
of its calls waits for an answer. Lapsed: nobody answered in time; its calls go to the next post one
by one, each by its own deadline, so the most urgent goes first. An answer counts at any time, a
second one too.
"""

from __future__ import annotations

from enum import StrEnum


class DigestState(StrEnum):
    """The states of a digest."""

    GATHERING = "gathering"
    SENT = "sent"
    ANSWERED = "answered"
    LAPSED = "lapsed"
    SETTLED = "settled"


class DigestStep(StrEnum):
    """The events of a digest."""

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
