"""The lifecycle of an alert 预警 as one table; alerting steps by it.

Rules: an event that the table does not name in a state is illegal, raises, and changes nothing. A
state without events is final. The level is no state: an issued alert that is adjusted stays issued.
An alert is open while it waits for people or is in force. A merged one is neither open nor final:
its evidence counts elsewhere, and it may come back.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.lifecycles.verbs import verbs_by_state


class AlertCause(StrEnum):
    """The events of an alert.

    evidence: an alarm or report came, changed or went to another alert. clear: the last evidence of
    an alert that was never issued has gone. propose: an officer asks for another level. position: a
    body states its assessment. sign: one of several signatures. issue, adjust, lift: the last
    signature. emergency: an issue below the gate; settle: the gate ratifies or annuls this issue.
    merge: into another alert; back_to_*: out of that alert, to the previous state; follow: the
    alert that holds the evidence has ended.
    """

    EVIDENCE = "evidence"
    CLEAR = "clear"
    VERIFY = "verify"
    ASSESS = "assess"
    POSITION = "position"
    DISMISS = "dismiss"
    REJECT = "reject"
    PROPOSE = "propose"
    SIGN = "sign"
    ISSUE = "issue"
    ADJUST = "adjust"
    LIFT = "lift"
    EXPIRE = "expire"
    RECALL = "recall"
    EMERGENCY = "emergency"
    SETTLE = "settle"
    MERGE = "merge"
    BACK_TO_VERIFYING = "back_to_verifying"
    BACK_TO_VERIFIED = "back_to_verified"
    BACK_TO_PENDING_APPROVAL = "back_to_pending_approval"
    FOLLOW = "follow"


INITIAL = AlertState.VERIFYING

TRANSITIONS: dict[AlertState, dict[AlertCause, AlertState]] = {
    AlertState.VERIFYING: {
        AlertCause.EVIDENCE: AlertState.VERIFYING,
        AlertCause.POSITION: AlertState.VERIFYING,
        AlertCause.VERIFY: AlertState.VERIFIED,
        AlertCause.EMERGENCY: AlertState.ISSUED,
        AlertCause.MERGE: AlertState.MERGED,
        AlertCause.DISMISS: AlertState.DISMISSED,
        AlertCause.CLEAR: AlertState.DISMISSED,
    },
    AlertState.VERIFIED: {
        AlertCause.EVIDENCE: AlertState.VERIFIED,
        AlertCause.POSITION: AlertState.VERIFIED,
        AlertCause.PROPOSE: AlertState.VERIFIED,
        AlertCause.ASSESS: AlertState.PENDING_APPROVAL,
        AlertCause.EMERGENCY: AlertState.ISSUED,
        AlertCause.MERGE: AlertState.MERGED,
        AlertCause.DISMISS: AlertState.DISMISSED,
        AlertCause.CLEAR: AlertState.DISMISSED,
    },
    AlertState.PENDING_APPROVAL: {
        AlertCause.EVIDENCE: AlertState.PENDING_APPROVAL,
        AlertCause.POSITION: AlertState.PENDING_APPROVAL,
        AlertCause.PROPOSE: AlertState.PENDING_APPROVAL,
        AlertCause.SIGN: AlertState.PENDING_APPROVAL,
        AlertCause.ISSUE: AlertState.ISSUED,
        AlertCause.EMERGENCY: AlertState.ISSUED,
        AlertCause.MERGE: AlertState.MERGED,
        AlertCause.REJECT: AlertState.REJECTED,
        AlertCause.DISMISS: AlertState.DISMISSED,
        AlertCause.CLEAR: AlertState.DISMISSED,
    },
    AlertState.ISSUED: {
        AlertCause.EVIDENCE: AlertState.ISSUED,
        AlertCause.POSITION: AlertState.ISSUED,
        # An approver dropped a proposal that the evidence still asks for: assessing brings it back.
        AlertCause.ASSESS: AlertState.ISSUED,
        AlertCause.PROPOSE: AlertState.ISSUED,
        AlertCause.SIGN: AlertState.ISSUED,
        AlertCause.ADJUST: AlertState.ISSUED,
        AlertCause.EMERGENCY: AlertState.ISSUED,
        AlertCause.SETTLE: AlertState.ISSUED,
        AlertCause.REJECT: AlertState.ISSUED,
        AlertCause.LIFT: AlertState.LIFTED,
        AlertCause.EXPIRE: AlertState.EXPIRED,
        AlertCause.RECALL: AlertState.RECALLED,
    },
    AlertState.MERGED: {
        AlertCause.BACK_TO_VERIFYING: AlertState.VERIFYING,
        AlertCause.BACK_TO_VERIFIED: AlertState.VERIFIED,
        AlertCause.BACK_TO_PENDING_APPROVAL: AlertState.PENDING_APPROVAL,
        AlertCause.FOLLOW: AlertState.ABSORBED,
    },
    AlertState.LIFTED: {},
    AlertState.EXPIRED: {},
    AlertState.RECALLED: {},
    AlertState.DISMISSED: {},
    AlertState.REJECTED: {},
    AlertState.ABSORBED: {},
}

FINAL: frozenset[AlertState] = frozenset(state for state, row in TRANSITIONS.items() if not row)
"""A final alert never changes; later evidence opens a new one."""

OPEN: frozenset[AlertState] = frozenset(AlertState) - FINAL - {AlertState.MERGED}
"""States in which an alert waits for people or is in force."""
OPEN_OR_MERGED: frozenset[AlertState] = frozenset(AlertState) - FINAL
"""States that may still change: a merged alert keeps its place and kind, and can come back."""

BACK: dict[AlertState, AlertCause] = {
    AlertState.VERIFYING: AlertCause.BACK_TO_VERIFYING,
    AlertState.VERIFIED: AlertCause.BACK_TO_VERIFIED,
    AlertState.PENDING_APPROVAL: AlertCause.BACK_TO_PENDING_APPROVAL,
}
"""How a merged alert comes back to the state it was merged in."""

CAUSES: dict[DecisionVerb, frozenset[AlertCause]] = {
    DecisionVerb.VERIFY: frozenset({AlertCause.VERIFY}),
    DecisionVerb.ASSESS: frozenset({AlertCause.ASSESS}),
    DecisionVerb.DISMISS: frozenset({AlertCause.DISMISS}),
    DecisionVerb.APPROVE: frozenset({AlertCause.SIGN}),
    DecisionVerb.REJECT: frozenset({AlertCause.REJECT}),
    DecisionVerb.ADJUST: frozenset({AlertCause.PROPOSE}),
    DecisionVerb.LIFT: frozenset({AlertCause.LIFT}),
    DecisionVerb.RECALL: frozenset({AlertCause.RECALL}),
    DecisionVerb.AUTHORISE_EMERGENCY: frozenset({AlertCause.EMERGENCY}),
    DecisionVerb.RATIFY: frozenset({AlertCause.SETTLE}),
    DecisionVerb.ANNUL: frozenset({AlertCause.SETTLE}),
    DecisionVerb.MERGE: frozenset({AlertCause.MERGE}),
    DecisionVerb.UNMERGE: frozenset(BACK.values()),
    DecisionVerb.SPLIT: frozenset({AlertCause.EVIDENCE}),
}
"""What a decision can cause. An assessment is a position as well, in every state that takes one."""

VERBS: dict[AlertState, frozenset[DecisionVerb]] = verbs_by_state(TRANSITIONS, CAUSES)
"""The decisions that a state takes; whose they are is not a matter of the state."""
