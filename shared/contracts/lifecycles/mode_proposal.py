"""The life of a proposal of a response mode 平急转换 as one table; command steps by it.

Rules: two people decide; a person's proposal carries the proposer's signature and is half approved
from the start, the rule's waits for two. What is undecided in time expires, and so does whatever else
lies open when another proposal of the unit is decided. A decided mode is in force until it ends: by
itself, by a person, or because another decision takes its place.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.lifecycles.verbs import verbs_by_state
from shared.contracts.modes import ModeVerb, ProposalState

State = ProposalState


class Event(StrEnum):
    """What can happen to a proposal. sign: the first signature; decide: the last."""

    SIGN = "sign"
    DECIDE = "decide"
    REJECT = "reject"
    EXPIRE = "expire"
    END = "end"


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
LIVE = OPEN | {State.DECIDED}
"""Open or in force: what a unit has at most a few of."""

EVENTS: dict[ModeVerb, frozenset[Event]] = {
    ModeVerb.APPROVE: frozenset({Event.SIGN, Event.DECIDE}),
    ModeVerb.REJECT: frozenset({Event.REJECT}),
    ModeVerb.END: frozenset({Event.END}),
}
"""What a verb about a proposal can cause; `propose` makes one."""
VERBS: dict[State, frozenset[ModeVerb]] = verbs_by_state(TRANSITIONS, EVENTS)
"""The verbs that a state takes."""
