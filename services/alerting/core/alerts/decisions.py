"""Decisions of officers about one alert: each is applied whole, or refused and changes nothing.

Refusals have an enumerated reason. Decisions about two alerts are in merging.py, emergency
authorisations in ratification.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.alerting.core.alerts import ratification
from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.authority import gate, may_hold, may_judge
from services.alerting.core.alerts.lifecycle import propose
from services.alerting.core.alerts.outcome import AlertChange, DecisionRefusal, RefusalReason
from services.alerting.core.alerts.states import AlertTrigger, IllegalStep, step
from services.alerting.core.alerts.wording import signed_words, write_words
from shared.contracts.alerts import (
    AlertDecision,
    AlertState,
    AlertTransition,
    DecisionVerb,
    Signature,
    Stance,
)
from shared.contracts.authority import HUMAN_VERIFIED
from shared.contracts.fields import Level
from shared.domain.alert_validity import LONGEST, valid_until

MOST_STANCES = 16


def decide(
    alert: Alert, decision: AlertDecision, now: datetime, acted_at: datetime | None = None
) -> AlertChange | DecisionRefusal:
    """Return the change by an officer's decision.

    Signatures and periods count from `acted_at`, when Kafka accepted the decision (None: now). The
    time that others get to act begins now, when they are told.
    """
    acted_at = acted_at or now
    if (refusal := refuse_other_status(alert, decision)) is not None:
        return refusal
    match decision.verb:
        case DecisionVerb.APPROVE:
            return _approve(alert, decision, acted_at)
        case DecisionVerb.REJECT:
            return _reject(alert, decision)
        case DecisionVerb.VERIFY:
            return _judge(alert, decision, AlertTrigger.VERIFY, AlertTransition.VERIFIED)
        case DecisionVerb.DISMISS:
            return _judge(alert, decision, AlertTrigger.DISMISS, AlertTransition.DISMISSED)
        case DecisionVerb.ASSESS:
            return _assess(alert, decision, acted_at)
        case DecisionVerb.ADJUST | DecisionVerb.LIFT:
            return _propose_other(alert, decision, acted_at)
        case DecisionVerb.WORD:
            return write_words(alert, decision, acted_at)
        case DecisionVerb.RECALL:
            return _recall(alert, decision)
        case DecisionVerb.AUTHORISE_EMERGENCY:
            return ratification.authorise_emergency(alert, decision, now, acted_at)
        case DecisionVerb.RATIFY:
            return ratification.ratify(alert, decision, acted_at)
        case DecisionVerb.ANNUL:
            return ratification.annul(alert, decision, acted_at)
        case DecisionVerb.MERGE | DecisionVerb.UNMERGE | DecisionVerb.SPLIT:
            raise ValueError(f"{decision.verb} concerns two alerts: see merging.py")


def refuse_other_status(alert: Alert, decision: AlertDecision) -> DecisionRefusal | None:
    """Refuse a decision of a drill about a real alert, and the reverse; None: it is allowed."""
    if decision.status is alert.status:
        return None
    return DecisionRefusal(
        RefusalReason.OTHER_STATUS, f"the alert is {alert.status}, the decision {decision.status}"
    )


def refuse_outsider(alert: Alert, decision: AlertDecision) -> DecisionRefusal | None:
    """Refuse an officer whose unit is not above the alert's place; None: the unit is."""
    if may_judge(decision.origin_unit, alert.place):
        return None
    return DecisionRefusal(
        RefusalReason.NOT_ENTITLED,
        f"unit {decision.origin_unit} is not over the alert's place {alert.place}",
    )


def _judge(
    alert: Alert, decision: AlertDecision, event: AlertTrigger, transition: AlertTransition
) -> AlertChange | DecisionRefusal:
    """Verify, assess or dismiss: any unit above the place may, about the proposal on its screen."""
    try:
        state = step(alert.state, event)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    refusal = refuse_outsider(alert, decision) or _refuse_other_proposal(alert, decision)
    if refusal is not None:
        return refusal
    verified_by = decision.officer_id if decision.verb is DecisionVerb.VERIFY else alert.verified_by
    updated = replace(alert, version=alert.version + 1, state=state, verified_by=verified_by)
    return AlertChange(updated, transition)


def _assess(
    alert: Alert, decision: AlertDecision, acted_at: datetime
) -> AlertChange | DecisionRefusal:
    """Assess 研判: move a verified alert on to the signatures, state a body's position, or both."""
    if decision.assessment is not None:
        if alert.state is not AlertState.VERIFIED or not may_judge(
            decision.origin_unit, alert.place
        ):
            return _state_position(alert, decision, acted_at)
        outcome = _judge(alert, decision, AlertTrigger.ASSESS, AlertTransition.ASSESSED)
        if isinstance(outcome, DecisionRefusal):
            return outcome
        return replace(outcome, alert=_with_stance(outcome.alert, decision, acted_at))
    outcome = _judge(alert, decision, AlertTrigger.ASSESS, AlertTransition.ASSESSED)
    if isinstance(outcome, DecisionRefusal) or not alert.is_issued:
        return outcome
    if alert.requested_level is alert.proposed_level:
        return DecisionRefusal(
            RefusalReason.NOTHING_PROPOSED, "the evidence asks for nothing else than is proposed"
        )
    return AlertChange(propose(outcome.alert), AlertTransition.UPDATED)


def _state_position(
    alert: Alert, decision: AlertDecision, acted_at: datetime
) -> AlertChange | DecisionRefusal:
    try:
        state = step(alert.state, AlertTrigger.POSITION)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    if not may_hold(decision.origin_unit, alert.place):
        return DecisionRefusal(
            RefusalReason.NOT_ENTITLED,
            f"unit {decision.origin_unit} has no say about {alert.place}",
        )
    updated = replace(
        _with_stance(alert, decision, acted_at), version=alert.version + 1, state=state
    )
    return AlertChange(updated, AlertTransition.POSITIONED)


def _with_stance(alert: Alert, decision: AlertDecision, acted_at: datetime) -> Alert:
    """Return the alert with the unit's new stance; a scale that it does not name is unchanged."""
    assert decision.assessment is not None
    unit = decision.origin_unit
    previous = next(
        (position.assessment for position in alert.positions if position.unit == unit), None
    )
    changes = decision.assessment.model_dump(exclude_none=True)
    assessment = decision.assessment if previous is None else previous.model_copy(update=changes)
    stance = Stance(unit=unit, officer_id=decision.officer_id, at=acted_at, assessment=assessment)
    stances = tuple(position for position in alert.positions if position.unit != unit)
    return replace(alert, positions=(*stances, stance)[-MOST_STANCES:])


def _propose_other(
    alert: Alert, decision: AlertDecision, acted_at: datetime
) -> AlertChange | DecisionRefusal:
    """Propose another level, more time, or the end, as an officer asks; the gate has to sign."""
    try:
        state = step(alert.state, AlertTrigger.PROPOSE)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    if (refusal := refuse_outsider(alert, decision)) is not None:
        return refusal
    if not decision.reason.strip():
        return DecisionRefusal(
            RefusalReason.NO_REASON, "another level than the evidence's needs its reason"
        )
    until = decision.valid_until
    if until is not None and not acted_at < until <= acted_at + LONGEST:
        return DecisionRefusal(
            RefusalReason.BAD_PERIOD, f"it may hold at most {LONGEST.days} days from now"
        )
    level = decision.level
    if decision.verb is DecisionVerb.LIFT:
        if not alert.is_issued or level is not None or until is not None:
            return DecisionRefusal(
                RefusalReason.OTHER_LEVEL, "only what is issued is lifted, as a whole"
            )
    elif level is None or (level is Level.NOTICE and alert.level not in (None, Level.NOTICE)):
        return DecisionRefusal(
            RefusalReason.OTHER_LEVEL, "an adjustment of an alert names one of the four levels"
        )
    if level is alert.proposed_level and until == alert.proposed_until:
        return DecisionRefusal(RefusalReason.NOTHING_PROPOSED, "that is what is proposed already")
    updated = replace(
        alert,
        version=alert.version + 1,
        state=state,
        proposed_level=level,
        proposed_until=until,
        wording=None,
        round=alert.round + 1,
        signatures=(),
    )
    return AlertChange(updated, AlertTransition.PROPOSED)


def _recall(alert: Alert, decision: AlertDecision) -> AlertChange | DecisionRefusal:
    """Recall an alert that should never have been issued: one officer of the gate ends it."""
    try:
        state = step(alert.state, AlertTrigger.RECALL)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    assert alert.level is not None, "only an issued alert is recalled"
    entitled = {gate(alert.place, alert.level)}
    if alert.pending_ratification is not None:
        # The unit that issued in an emergency may say that the authorisation was wrong.
        entitled.add(alert.pending_ratification.by_unit)
    if decision.origin_unit not in entitled:
        return DecisionRefusal(
            RefusalReason.NOT_ENTITLED,
            f"this takes unit {min(entitled)}, the officer is of {decision.origin_unit}",
        )
    if decision.level is not alert.level:
        return DecisionRefusal(
            RefusalReason.OTHER_LEVEL, f"in force is {alert.level}, not {decision.level}"
        )
    if not decision.reason.strip():
        return DecisionRefusal(RefusalReason.NO_REASON, "a recall says why")
    updated = replace(
        alert,
        version=alert.version + 1,
        state=state,
        signatures=(),
        pending_ratification=None,
    )
    return AlertChange(updated, AlertTransition.RECALLED)


def _approve(
    alert: Alert, decision: AlertDecision, acted_at: datetime
) -> AlertChange | DecisionRefusal:
    if (refusal := _refuse_signature(alert, decision, AlertTrigger.SIGN)) is not None:
        return refusal
    proposed = alert.proposed_level
    if any(signature.officer_id == decision.officer_id for signature in alert.signatures):
        return DecisionRefusal(
            RefusalReason.ALREADY_SIGNED,
            f"officer {decision.officer_id} has signed; another one is needed",
        )
    if proposed in HUMAN_VERIFIED and alert.verified_by is None:
        return DecisionRefusal(
            RefusalReason.NOT_VERIFIED, f"nobody has verified; {proposed} needs it"
        )
    words = signed_words(alert, decision, acted_at)
    if isinstance(words, DecisionRefusal):
        return words
    level = proposed or alert.level
    assert level is not None, "a lift is proposed of an issued alert only"
    signature = Signature(
        officer_id=decision.officer_id,
        unit=decision.origin_unit,
        post=decision.post,
        level=level,
        signed_at=acted_at,
    )
    signatures = (*alert.signatures, signature)
    updated = replace(alert, version=alert.version + 1, signatures=signatures, wording=words)
    if len(signatures) < alert.requirement.approvals:
        state = step(alert.state, AlertTrigger.SIGN)
        return AlertChange(replace(updated, state=state), AlertTransition.SIGNED)
    stated = words.valid_until if words is not None else None
    moment = stated or decision.valid_until or alert.proposed_until
    updated = replace(
        updated,
        level=level,
        signatures=(),
        issuing_signatures=signatures,
        issued_round=alert.round,
        issued_wording=words,
        proposed_until=None,
        expires_at=None if proposed is None else valid_until(level, moment, acted_at),
        pending_ratification=None,
    )
    if alert.level is None:
        event, transition = AlertTrigger.ISSUE, AlertTransition.ISSUED
    elif proposed is None:
        event, transition = AlertTrigger.LIFT, AlertTransition.LIFTED
    else:
        event, transition = AlertTrigger.ADJUST, AlertTransition.ADJUSTED
    return AlertChange(replace(updated, state=step(alert.state, event)), transition)


def _reject(alert: Alert, decision: AlertDecision) -> AlertChange | DecisionRefusal:
    """Reject the proposal: an alert not yet issued ends, an issued one keeps its level."""
    if (refusal := _refuse_signature(alert, decision, AlertTrigger.REJECT)) is not None:
        return refusal
    state = step(alert.state, AlertTrigger.REJECT)
    updated = replace(alert, version=alert.version + 1, state=state, signatures=())
    if alert.is_issued:
        updated = replace(
            updated,
            proposed_level=alert.level,
            proposed_until=None,
            wording=None,
            round=alert.round + 1,
        )
    return AlertChange(updated, AlertTransition.REJECTED)


def _refuse_signature(
    alert: Alert, decision: AlertDecision, event: AlertTrigger
) -> DecisionRefusal | None:
    """Refuse an officer who may not sign or reject the present proposal now; None: allowed."""
    try:
        step(alert.state, event)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    if not alert.is_pending:
        return DecisionRefusal(RefusalReason.NOTHING_PROPOSED, f"{alert.level} is in force already")
    if decision.origin_unit != alert.requirement.unit:
        return DecisionRefusal(
            RefusalReason.NOT_ENTITLED,
            f"this takes unit {alert.requirement.unit}, the officer is of {decision.origin_unit}",
        )
    return _refuse_other_proposal(alert, decision)


def _refuse_other_proposal(alert: Alert, decision: AlertDecision) -> DecisionRefusal | None:
    if decision.level is alert.proposed_level:
        return None
    return DecisionRefusal(
        RefusalReason.OTHER_PROPOSAL,
        f"proposed is {alert.proposed_level or 'lifting'}, "
        f"the decision is about {decision.level or 'lifting'}",
    )
