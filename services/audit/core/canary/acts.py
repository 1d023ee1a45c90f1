"""The robot officer's acts as records. All have the status System and change nothing else.

An act that answers the same record again has the same id and the same body: readers drop it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts.alerts import AlertDecision, AlertEvent, AlertState, DecisionVerb
from shared.contracts.assignments import Acknowledgement, AssignmentEvent, Step
from shared.contracts.fields import Post, Status
from shared.contracts.ids import acknowledgement_id, content_id, transition_id
from shared.contracts.units import tier_of

ROBOT = "robot-canary"
"""The officer id of the robot; no account and no roster has it."""
_TO_ISSUE: dict[AlertState, tuple[DecisionVerb, ...]] = {
    AlertState.VERIFYING: (DecisionVerb.VERIFY, DecisionVerb.ASSESS, DecisionVerb.APPROVE),
    AlertState.VERIFIED: (DecisionVerb.ASSESS, DecisionVerb.APPROVE),
    AlertState.PENDING_APPROVAL: (DecisionVerb.APPROVE,),
}


def decisions(alert: AlertEvent, now: datetime) -> list[AlertDecision]:
    """Return the decisions that issue an alert at the level that its evidence asks for."""
    return [_decision(alert, verb, now) for verb in _TO_ISSUE.get(alert.state, ())]


def recall(alert: AlertEvent, now: datetime) -> AlertDecision:
    """Return the recall of an issued alert."""
    return _decision(alert, DecisionVerb.RECALL, now, reason="canary")


def signature(assignment: AssignmentEvent, now: datetime) -> Acknowledgement:
    """Return the signature of an assignment by its own unit."""
    subject, unit = assignment.assignment_id, assignment.unit
    return Acknowledgement(
        id=acknowledgement_id(subject, Step.SIGN, assignment.attempt, ROBOT),
        assignment_id=subject,
        command_id=assignment.command_id,
        unit=unit,
        step=Step.SIGN,
        attempt=assignment.attempt,
        officer_id=ROBOT,
        officer_unit=unit,
        post=Post.B,
        **_head(assignment, unit, subject, now),
    )


def _decision(
    alert: AlertEvent, verb: DecisionVerb, now: datetime, reason: str = ""
) -> AlertDecision:
    level = alert.level or alert.proposed_level
    return AlertDecision(
        id=content_id("dec", alert.alert_id, verb, level or "none", ROBOT, alert.version),
        alert_id=alert.alert_id,
        verb=verb,
        level=level,
        officer_id=ROBOT,
        post=Post.B,
        reason=reason,
        **_head(alert, alert.authority_unit or alert.approver_unit, alert.alert_id, now),
    )


def _head(
    cause: AlertEvent | AssignmentEvent, unit: str, subject_id: str, now: datetime
) -> dict[str, Any]:
    return {
        "status": Status.SYSTEM,
        "occurred_at": cause.sent_at,
        "sent_at": now,
        "origin_unit": unit,
        "tier": tier_of(unit),
        "areas": (unit,),
        "references": (transition_id(subject_id, cause.version),),
        "trace_id": cause.trace_id,
        "data_grade": cause.data_grade,
    }
