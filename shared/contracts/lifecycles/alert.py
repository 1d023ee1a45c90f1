"""The lifecycle of an alert 预警 as one table; alerting steps by it.

Rules: an event outside the row of a state is illegal, raises IllegalStep and changes nothing. A
state without events is final. The level is no state: an adjusted alert stays issued. An alert is
open while people have to decide or the alert is in force. A merged alert is neither open nor final:
another alert holds the evidence, and the merge may be undone.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.lifecycles.verbs import verbs_by_state


class AlertTrigger(StrEnum):
    """The events of an alert.

    evidence: an alarm or report came, changed or went to another alert. clear: an alert before its
    issue has lost the last evidence. propose: an officer asks for another level. word: an
    officer writes the words to be signed. position: a
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
    WORD = "word"
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

TRANSITIONS: dict[AlertState, dict[AlertTrigger, AlertState]] = {
    AlertState.VERIFYING: {
        AlertTrigger.EVIDENCE: AlertState.VERIFYING,
        AlertTrigger.POSITION: AlertState.VERIFYING,
        AlertTrigger.WORD: AlertState.VERIFYING,
        AlertTrigger.VERIFY: AlertState.VERIFIED,
        AlertTrigger.EMERGENCY: AlertState.ISSUED,
        AlertTrigger.MERGE: AlertState.MERGED,
        AlertTrigger.DISMISS: AlertState.DISMISSED,
        AlertTrigger.CLEAR: AlertState.DISMISSED,
    },
    AlertState.VERIFIED: {
        AlertTrigger.EVIDENCE: AlertState.VERIFIED,
        AlertTrigger.POSITION: AlertState.VERIFIED,
        AlertTrigger.PROPOSE: AlertState.VERIFIED,
        AlertTrigger.WORD: AlertState.VERIFIED,
        AlertTrigger.ASSESS: AlertState.PENDING_APPROVAL,
        AlertTrigger.EMERGENCY: AlertState.ISSUED,
        AlertTrigger.MERGE: AlertState.MERGED,
        AlertTrigger.DISMISS: AlertState.DISMISSED,
        AlertTrigger.CLEAR: AlertState.DISMISSED,
    },
    AlertState.PENDING_APPROVAL: {
        AlertTrigger.EVIDENCE: AlertState.PENDING_APPROVAL,
        AlertTrigger.POSITION: AlertState.PENDING_APPROVAL,
        AlertTrigger.PROPOSE: AlertState.PENDING_APPROVAL,
        AlertTrigger.WORD: AlertState.PENDING_APPROVAL,
        AlertTrigger.SIGN: AlertState.PENDING_APPROVAL,
        AlertTrigger.ISSUE: AlertState.ISSUED,
        AlertTrigger.EMERGENCY: AlertState.ISSUED,
        AlertTrigger.MERGE: AlertState.MERGED,
        AlertTrigger.REJECT: AlertState.REJECTED,
        AlertTrigger.DISMISS: AlertState.DISMISSED,
        AlertTrigger.CLEAR: AlertState.DISMISSED,
    },
    AlertState.ISSUED: {
        AlertTrigger.EVIDENCE: AlertState.ISSUED,
        AlertTrigger.POSITION: AlertState.ISSUED,
        # An approver dropped a proposal that the evidence still asks for: assessing brings it back.
        AlertTrigger.ASSESS: AlertState.ISSUED,
        AlertTrigger.PROPOSE: AlertState.ISSUED,
        AlertTrigger.WORD: AlertState.ISSUED,
        AlertTrigger.SIGN: AlertState.ISSUED,
        AlertTrigger.ADJUST: AlertState.ISSUED,
        AlertTrigger.EMERGENCY: AlertState.ISSUED,
        AlertTrigger.SETTLE: AlertState.ISSUED,
        AlertTrigger.REJECT: AlertState.ISSUED,
        AlertTrigger.LIFT: AlertState.LIFTED,
        AlertTrigger.EXPIRE: AlertState.EXPIRED,
        AlertTrigger.RECALL: AlertState.RECALLED,
    },
    AlertState.MERGED: {
        AlertTrigger.BACK_TO_VERIFYING: AlertState.VERIFYING,
        AlertTrigger.BACK_TO_VERIFIED: AlertState.VERIFIED,
        AlertTrigger.BACK_TO_PENDING_APPROVAL: AlertState.PENDING_APPROVAL,
        AlertTrigger.FOLLOW: AlertState.ABSORBED,
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

BACK: dict[AlertState, AlertTrigger] = {
    AlertState.VERIFYING: AlertTrigger.BACK_TO_VERIFYING,
    AlertState.VERIFIED: AlertTrigger.BACK_TO_VERIFIED,
    AlertState.PENDING_APPROVAL: AlertTrigger.BACK_TO_PENDING_APPROVAL,
}
"""How a merged alert comes back to the state it was merged in."""

CAUSES: dict[DecisionVerb, frozenset[AlertTrigger]] = {
    DecisionVerb.VERIFY: frozenset({AlertTrigger.VERIFY}),
    DecisionVerb.ASSESS: frozenset({AlertTrigger.ASSESS}),
    DecisionVerb.DISMISS: frozenset({AlertTrigger.DISMISS}),
    DecisionVerb.APPROVE: frozenset({AlertTrigger.SIGN}),
    DecisionVerb.REJECT: frozenset({AlertTrigger.REJECT}),
    DecisionVerb.ADJUST: frozenset({AlertTrigger.PROPOSE}),
    DecisionVerb.LIFT: frozenset({AlertTrigger.LIFT}),
    DecisionVerb.RECALL: frozenset({AlertTrigger.RECALL}),
    DecisionVerb.AUTHORISE_EMERGENCY: frozenset({AlertTrigger.EMERGENCY}),
    DecisionVerb.RATIFY: frozenset({AlertTrigger.SETTLE}),
    DecisionVerb.ANNUL: frozenset({AlertTrigger.SETTLE}),
    DecisionVerb.MERGE: frozenset({AlertTrigger.MERGE}),
    DecisionVerb.UNMERGE: frozenset(BACK.values()),
    DecisionVerb.SPLIT: frozenset({AlertTrigger.EVIDENCE}),
    DecisionVerb.WORD: frozenset({AlertTrigger.WORD}),
}
"""What a decision can cause. An assessment is a position as well, in every state that takes one."""

VERBS: dict[AlertState, frozenset[DecisionVerb]] = verbs_by_state(TRANSITIONS, CAUSES)
"""The decisions that a state takes; whose they are is not a matter of the state."""
