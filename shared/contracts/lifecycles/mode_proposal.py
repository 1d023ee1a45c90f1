"""The life of a proposal of a response mode 平急转换 as one table; command steps by it.

Rules: two people decide. A person's proposal carries the signature of the proposer, a rule's
proposal waits for two signatures. An undecided proposal expires at its time, and at the decision of
another proposal of the unit. A decided mode is in force until its time ends, a person ends it, or
another decision replaces it.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.lifecycles.verbs import verbs_by_state
from shared.contracts.modes import ModeVerb, ProposalState

State = ProposalState


class ProposalTrigger(StrEnum):
    """The events of a proposal. sign: the first signature; decide: the last."""

    SIGN = "sign"
    DECIDE = "decide"
    REJECT = "reject"
    EXPIRE = "expire"
    END = "end"


TRANSITIONS: dict[State, dict[ProposalTrigger, State]] = {
    State.PROPOSED: {
        ProposalTrigger.SIGN: State.HALF_APPROVED,
        ProposalTrigger.REJECT: State.REJECTED,
        ProposalTrigger.EXPIRE: State.EXPIRED,
    },
    State.HALF_APPROVED: {
        ProposalTrigger.DECIDE: State.DECIDED,
        ProposalTrigger.REJECT: State.REJECTED,
        ProposalTrigger.EXPIRE: State.EXPIRED,
    },
    State.DECIDED: {ProposalTrigger.END: State.ENDED},
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

EVENTS: dict[ModeVerb, frozenset[ProposalTrigger]] = {
    ModeVerb.APPROVE: frozenset({ProposalTrigger.SIGN, ProposalTrigger.DECIDE}),
    ModeVerb.REJECT: frozenset({ProposalTrigger.REJECT}),
    ModeVerb.END: frozenset({ProposalTrigger.END}),
}
"""What a verb about a proposal can cause; `propose` makes one."""
VERBS: dict[State, frozenset[ModeVerb]] = verbs_by_state(TRANSITIONS, EVENTS)
"""The verbs that a state takes."""
