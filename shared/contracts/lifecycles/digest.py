"""The states of one digest; notify applies the steps. A step that is not in the table is refused.

A digest collects calls over the officer's budget until it is due. Then it becomes one call, made
by an escalation that calls no other post. Settled: no call in it is unanswered any more. Lapsed:
nobody answered the digest in time; each call in it goes to the next post by its own timer, so the
most urgent call goes first. An answer counts at any time, and a later answer is accepted too.
"""

from __future__ import annotations

from enum import StrEnum


class DigestState(StrEnum):
    """The progress of a digest."""

    GATHERING = "gathering"
    SENT = "sent"
    ANSWERED = "answered"
    LAPSED = "lapsed"
    SETTLED = "settled"


class DigestTrigger(StrEnum):
    """The events of a digest."""

    SENT = "sent"
    ANSWERED = "answered"
    LAPSED = "lapsed"
    SETTLED = "settled"


INITIAL = DigestState.GATHERING

TRANSITIONS: dict[DigestState, dict[DigestTrigger, DigestState]] = {
    DigestState.GATHERING: {
        DigestTrigger.SENT: DigestState.SENT,
        DigestTrigger.SETTLED: DigestState.SETTLED,
    },
    DigestState.SENT: {
        DigestTrigger.ANSWERED: DigestState.ANSWERED,
        DigestTrigger.LAPSED: DigestState.LAPSED,
        DigestTrigger.SETTLED: DigestState.SETTLED,
    },
    DigestState.LAPSED: {DigestTrigger.ANSWERED: DigestState.ANSWERED},
    DigestState.SETTLED: {},
    DigestState.ANSWERED: {DigestTrigger.ANSWERED: DigestState.ANSWERED},
}

FINAL = frozenset({DigestState.ANSWERED, DigestState.SETTLED})
"""States that only a repeated answer can follow."""

LIVE = frozenset({DigestState.GATHERING, DigestState.SENT, DigestState.LAPSED})
"""States in which calls of the digest may still be unanswered."""
