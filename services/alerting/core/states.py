"""The lifecycle of an alert as one table: everything that moves an alert's state is in this file.

Rules: an event that the table does not name in a state is illegal, raises, and changes nothing. A
state without events is final. The level is no state: an issued alert that is adjusted stays issued.
Who may cause an event is authority.py's matter, not the table's. docs/states.md is drawn from here.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contracts.alerts import AlertState


class AlertCause(StrEnum):
    """What can happen to an alert.

    evidence: an alarm or report came or changed. clear: the last evidence of an alert that was never
    issued has gone. sign: one of several signatures. issue, adjust, lift: the last signature needed.
    """

    EVIDENCE = "evidence"
    CLEAR = "clear"
    VERIFY = "verify"
    ASSESS = "assess"
    DISMISS = "dismiss"
    REJECT = "reject"
    SIGN = "sign"
    ISSUE = "issue"
    ADJUST = "adjust"
    LIFT = "lift"


class IllegalStep(Exception):
    """The state does not know the event."""

    def __init__(self, state: AlertState, event: AlertCause) -> None:
        super().__init__(f"an alert in state {state} does not take {event}")
        self.state = state
        self.event = event


INITIAL = AlertState.VERIFYING

TRANSITIONS: dict[AlertState, dict[AlertCause, AlertState]] = {
    AlertState.VERIFYING: {
        AlertCause.EVIDENCE: AlertState.VERIFYING,
        AlertCause.VERIFY: AlertState.VERIFIED,
        AlertCause.DISMISS: AlertState.DISMISSED,
        AlertCause.CLEAR: AlertState.DISMISSED,
    },
    AlertState.VERIFIED: {
        AlertCause.EVIDENCE: AlertState.VERIFIED,
        AlertCause.ASSESS: AlertState.PENDING_APPROVAL,
        AlertCause.DISMISS: AlertState.DISMISSED,
        AlertCause.CLEAR: AlertState.DISMISSED,
    },
    AlertState.PENDING_APPROVAL: {
        AlertCause.EVIDENCE: AlertState.PENDING_APPROVAL,
        AlertCause.SIGN: AlertState.PENDING_APPROVAL,
        AlertCause.ISSUE: AlertState.ISSUED,
        AlertCause.REJECT: AlertState.REJECTED,
        AlertCause.DISMISS: AlertState.DISMISSED,
        AlertCause.CLEAR: AlertState.DISMISSED,
    },
    AlertState.ISSUED: {
        AlertCause.EVIDENCE: AlertState.ISSUED,
        # An approver dropped a proposal that the evidence still asks for: assessing brings it back.
        AlertCause.ASSESS: AlertState.ISSUED,
        AlertCause.SIGN: AlertState.ISSUED,
        AlertCause.ADJUST: AlertState.ISSUED,
        AlertCause.LIFT: AlertState.LIFTED,
        AlertCause.REJECT: AlertState.ISSUED,
    },
    AlertState.LIFTED: {},
    AlertState.DISMISSED: {},
    AlertState.REJECTED: {},
}

FINAL: frozenset[AlertState] = frozenset(
    {AlertState.LIFTED, AlertState.DISMISSED, AlertState.REJECTED}
)
"""A closed alert never changes; later evidence opens a new one."""


def step(state: AlertState, event: AlertCause) -> AlertState:
    """The state after `event`; raises IllegalStep."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalStep(state, event) from None
