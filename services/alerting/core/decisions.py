"""What an officer's decision makes of one alert: applied whole or refused, and then nothing changed.

Refusals have an enumerated reason. What concerns two alerts is in merging.py, emergencies in debt.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.alerting.core import debt
from services.alerting.core.alert import Alert
from services.alerting.core.authority import gate, may_hold, may_judge
from services.alerting.core.lifecycle import propose
from services.alerting.core.outcome import Change, Refusal, RefusalReason
from services.alerting.core.states import AlertCause, IllegalStep, step
from services.alerting.core.validity import LONGEST, valid_until
from shared.contracts.alerts import (
    AlertDecision,
    AlertState,
    AlertTransition,
    DecisionVerb,
    Signature,
    Stance,
)
from shared.contracts.authority import HUMAN_VERIFIED
from shared.contracts.fields import LEVEL_ORDER, Level

MOST_STANCES = 16


def decide(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    """Apply an officer's decision on this alert. `now` becomes the time of a signature."""
    if (wrong := wrong_status(alert, decision)) is not None:
        return wrong
    match decision.verb:
        case DecisionVerb.APPROVE:
            return _approve(alert, decision, now)
        case DecisionVerb.REJECT:
            return _reject(alert, decision)
        case DecisionVerb.VERIFY:
            return _judge(alert, decision, AlertCause.VERIFY, AlertTransition.VERIFIED)
        case DecisionVerb.DISMISS:
            return _judge(alert, decision, AlertCause.DISMISS, AlertTransition.DISMISSED)
        case DecisionVerb.ASSESS:
            return _assess(alert, decision, now)
        case DecisionVerb.ADJUST | DecisionVerb.LIFT:
            return _propose_other(alert, decision, now)
        case DecisionVerb.RECALL:
            return _recall(alert, decision)
        case DecisionVerb.AUTHORISE_EMERGENCY:
            return debt.authorise(alert, decision, now)
        case DecisionVerb.RATIFY:
            return debt.ratify(alert, decision, now)
        case DecisionVerb.ANNUL:
            return debt.annul(alert, decision, now)
        case DecisionVerb.MERGE | DecisionVerb.UNMERGE | DecisionVerb.SPLIT:
            raise ValueError(f"{decision.verb} concerns two alerts: merging.regroup")


def wrong_status(alert: Alert, decision: AlertDecision) -> Refusal | None:
    """A drill decides nothing about the real thing, nor the other way round."""
    if decision.status is alert.status:
        return None
    return Refusal(
        RefusalReason.OTHER_STATUS, f"the alert is {alert.status}, the decision {decision.status}"
    )


def not_over(alert: Alert, decision: AlertDecision) -> Refusal | None:
    """Why the officer may not judge this alert; None = he may."""
    if may_judge(decision.origin_unit, alert.place):
        return None
    return Refusal(
        RefusalReason.NOT_ENTITLED,
        f"unit {decision.origin_unit} is not over the alert's place {alert.place}",
    )


def _judge(
    alert: Alert, decision: AlertDecision, event: AlertCause, transition: AlertTransition
) -> Change | Refusal:
    """Verify, assess, dismiss: any unit over the place, about the proposal it has seen."""
    try:
        state = step(alert.state, event)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    if (refusal := not_over(alert, decision) or _other_proposal(alert, decision)) is not None:
        return refusal
    verified_by = decision.officer_id if decision.verb is DecisionVerb.VERIFY else alert.verified_by
    after = replace(alert, version=alert.version + 1, state=state, verified_by=verified_by)
    return Change(after, transition)


def _assess(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    """研判: done (from `verified` on to the signatures), or what the officer's body holds, or both."""
    if decision.assessment is not None:
        if alert.state is not AlertState.VERIFIED or not may_judge(
            decision.origin_unit, alert.place
        ):
            return _position(alert, decision, now)
        outcome = _judge(alert, decision, AlertCause.ASSESS, AlertTransition.ASSESSED)
        if isinstance(outcome, Refusal):
            return outcome
        return replace(outcome, alert=_with_stance(outcome.alert, decision, now))
    outcome = _judge(alert, decision, AlertCause.ASSESS, AlertTransition.ASSESSED)
    if isinstance(outcome, Refusal) or not alert.issued:
        return outcome
    if alert.asked_level is alert.proposed_level:
        return Refusal(
            RefusalReason.NOTHING_PROPOSED, "the evidence asks for nothing else than is proposed"
        )
    return Change(propose(outcome.alert), AlertTransition.UPDATED)


def _position(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    try:
        state = step(alert.state, AlertCause.POSITION)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    if not may_hold(decision.origin_unit, alert.place):
        return Refusal(
            RefusalReason.NOT_ENTITLED,
            f"unit {decision.origin_unit} has no say about {alert.place}",
        )
    after = replace(_with_stance(alert, decision, now), version=alert.version + 1, state=state)
    return Change(after, AlertTransition.POSITIONED)


def _with_stance(alert: Alert, decision: AlertDecision, now: datetime) -> Alert:
    """What the officer's unit holds from now on; a scale that it does not name stays as it was."""
    assert decision.assessment is not None
    unit = decision.origin_unit
    said = decision.assessment.model_dump(exclude_none=True)
    before = next(
        (position.assessment for position in alert.positions if position.unit == unit), None
    )
    assessment = decision.assessment if before is None else before.model_copy(update=said)
    stance = Stance(unit=unit, officer_id=decision.officer_id, at=now, assessment=assessment)
    stances = tuple(position for position in alert.positions if position.unit != unit)
    return replace(alert, positions=(*stances, stance)[-MOST_STANCES:])


def _propose_other(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    """An officer's own proposal: another level, more time, or the end. It goes through the gate."""
    try:
        state = step(alert.state, AlertCause.PROPOSE)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    if (refusal := not_over(alert, decision)) is not None:
        return refusal
    if not decision.reason.strip():
        return Refusal(
            RefusalReason.NO_REASON, "another level than the evidence's needs its reason"
        )
    until = decision.valid_until
    if until is not None and not now < until <= now + LONGEST:
        return Refusal(
            RefusalReason.BAD_PERIOD, f"it may hold at most {LONGEST.days} days from now"
        )
    wanted = decision.level
    if decision.verb is DecisionVerb.LIFT:
        if not alert.issued or wanted is not None or until is not None:
            return Refusal(RefusalReason.OTHER_LEVEL, "only what is issued is lifted, as a whole")
    elif wanted is None or LEVEL_ORDER[wanted] < LEVEL_ORDER[Level.BLUE]:
        return Refusal(RefusalReason.OTHER_LEVEL, "an adjustment names one of the four levels")
    if wanted is alert.proposed_level and until == alert.proposed_until:
        return Refusal(RefusalReason.NOTHING_PROPOSED, "that is what is proposed already")
    after = replace(
        alert,
        version=alert.version + 1,
        state=state,
        proposed_level=wanted,
        proposed_until=until,
        round=alert.round + 1,
        signed=(),
    )
    return Change(after, AlertTransition.PROPOSED)


def _recall(alert: Alert, decision: AlertDecision) -> Change | Refusal:
    """It should never have been issued: one action of one officer of the gate ends it."""
    try:
        state = step(alert.state, AlertCause.RECALL)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    assert alert.level is not None, "only what is issued is recalled"
    entitled = {gate(alert.place, alert.level)}
    if alert.debt is not None:
        entitled.add(alert.debt.by_unit)  # who issued it in an emergency may say that he was wrong
    if decision.origin_unit not in entitled:
        return Refusal(
            RefusalReason.NOT_ENTITLED,
            f"this takes unit {min(entitled)}, the officer is of {decision.origin_unit}",
        )
    if decision.level is not alert.level:
        return Refusal(
            RefusalReason.OTHER_LEVEL, f"in force is {alert.level}, not {decision.level}"
        )
    if not decision.reason.strip():
        return Refusal(RefusalReason.NO_REASON, "a recall says why")
    after = replace(alert, version=alert.version + 1, state=state, signed=(), debt=None)
    return Change(after, AlertTransition.RECALLED)


def _approve(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    if (refusal := _sign_refused(alert, decision, AlertCause.SIGN)) is not None:
        return refusal
    proposed, needs = alert.proposed_level, alert.needs
    if any(signature.officer_id == decision.officer_id for signature in alert.signed):
        return Refusal(
            RefusalReason.ALREADY_SIGNED,
            f"officer {decision.officer_id} has signed; another one is needed",
        )
    if proposed in HUMAN_VERIFIED and alert.verified_by is None:
        return Refusal(RefusalReason.NOT_VERIFIED, f"nobody has verified; {proposed} needs it")
    level = proposed or alert.level
    assert level is not None, "a lift is proposed of an issued alert only"
    signature = Signature(
        officer_id=decision.officer_id,
        unit=decision.origin_unit,
        post=decision.post,
        level=level,
        signed_at=now,
    )
    signed = (*alert.signed, signature)
    after = replace(alert, version=alert.version + 1, signed=signed)
    if len(signed) < needs.approvals:
        return Change(
            replace(after, state=step(alert.state, AlertCause.SIGN)), AlertTransition.SIGNED
        )
    moment = decision.valid_until or alert.proposed_until
    after = replace(
        after,
        level=level,
        signed=(),
        issued_by=signed,
        issued_round=alert.round,
        proposed_until=None,
        expires_at=None if proposed is None else valid_until(level, moment, now),
        debt=None,
    )
    if alert.level is None:
        event, transition = AlertCause.ISSUE, AlertTransition.ISSUED
    elif proposed is None:
        event, transition = AlertCause.LIFT, AlertTransition.LIFTED
    else:
        event, transition = AlertCause.ADJUST, AlertTransition.ADJUSTED
    return Change(replace(after, state=step(alert.state, event)), transition)


def _reject(alert: Alert, decision: AlertDecision) -> Change | Refusal:
    """Before the issue the alert ends; after it the level stays and the proposal is dropped."""
    if (refusal := _sign_refused(alert, decision, AlertCause.REJECT)) is not None:
        return refusal
    after = replace(
        alert, version=alert.version + 1, state=step(alert.state, AlertCause.REJECT), signed=()
    )
    if alert.issued:
        after = replace(
            after, proposed_level=alert.level, proposed_until=None, round=alert.round + 1
        )
    return Change(after, AlertTransition.REJECTED)


def _sign_refused(alert: Alert, decision: AlertDecision, event: AlertCause) -> Refusal | None:
    """Why this officer may not sign or reject the present proposal now; None = he may."""
    try:
        step(alert.state, event)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    if not alert.pending:
        return Refusal(RefusalReason.NOTHING_PROPOSED, f"{alert.level} is in force already")
    if decision.origin_unit != alert.needs.unit:
        return Refusal(
            RefusalReason.NOT_ENTITLED,
            f"this takes unit {alert.needs.unit}, the officer is of {decision.origin_unit}",
        )
    return _other_proposal(alert, decision)


def _other_proposal(alert: Alert, decision: AlertDecision) -> Refusal | None:
    if decision.level is alert.proposed_level:
        return None
    return Refusal(
        RefusalReason.OTHER_PROPOSAL,
        f"proposed is {alert.proposed_level or 'lifting'}, "
        f"the decision is about {decision.level or 'lifting'}",
    )
