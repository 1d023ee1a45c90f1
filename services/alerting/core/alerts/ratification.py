"""Emergency authorisation 紧急授权: an officer on the spot issues at once; the gate ratifies later.

An emergency authorisation only raises the level. Its ratification stays pending until the gate
ratifies (with as many signatures as the level needs), annuls, or signs another level. The gate is
reminded when the ratification is due, and again at a fixed interval. Every authorisation is valid
until after the first reminder. An alert that expires without ratification says so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.authority import may_authorise
from services.alerting.core.alerts.outcome import AlertChange, DecisionRefusal, RefusalReason
from services.alerting.core.alerts.states import AlertTrigger, IllegalStep, step
from services.alerting.core.alerts.wording import signed_words
from shared.contracts.alerts import AlertDecision, AlertTransition, Callee, Debt, Signature
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.domain.alert_validity import DUE_AFTER, REMIND_EVERY, authorised_until, valid_until


def authorise_emergency(
    alert: Alert, decision: AlertDecision, now: datetime, acted_at: datetime
) -> AlertChange | DecisionRefusal:
    """Return the issue of the proposal at once, below the gate, or the refusal.

    The officer signed at `acted_at`; the gate's time to ratify begins now.
    """
    try:
        state = step(alert.state, AlertTrigger.EMERGENCY)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    proposed, required = alert.proposed_level, alert.requirement
    if proposed is None or (
        alert.level is not None and LEVEL_ORDER[proposed] <= LEVEL_ORDER[alert.level]
    ):
        return DecisionRefusal(
            RefusalReason.NOTHING_PROPOSED, "no higher level than now is proposed"
        )
    if decision.level is not proposed:
        return DecisionRefusal(
            RefusalReason.OTHER_PROPOSAL, f"proposed is {proposed}, not {decision.level}"
        )
    if not may_authorise(decision.origin_unit, decision.post, required.unit, alert.place):
        return DecisionRefusal(
            RefusalReason.NOT_ENTITLED,
            f"a {decision.post} of {decision.origin_unit} may not issue for {required.unit}",
        )
    if not decision.reason.strip():
        return DecisionRefusal(
            RefusalReason.NO_REASON, "an emergency authorisation needs its reason"
        )
    if alert.pending_ratification is not None:
        return DecisionRefusal(
            RefusalReason.ILLEGAL_STEP,
            f"{alert.pending_ratification.unit} has not settled the last authorisation",
        )
    words = signed_words(alert, decision, acted_at)
    if isinstance(words, DecisionRefusal):
        return words
    due_at = now + DUE_AFTER[proposed]
    updated = replace(
        alert,
        version=alert.version + 1,
        state=state,
        level=proposed,
        verified_by=alert.verified_by or decision.officer_id,
        signatures=(),
        issuing_signatures=(_signature(decision, proposed, acted_at),),
        issued_round=alert.round,
        wording=words,
        issued_wording=words,
        proposed_until=None,
        expires_at=authorised_until(proposed, _moment(decision), acted_at, now),
        pending_ratification=Debt(
            unit=required.unit,
            approvals=required.approvals,
            by_officer=decision.officer_id,
            by_unit=decision.origin_unit,
            level_before=alert.level,
            due_at=due_at,
            next_at=due_at,
        ),
    )
    transition = AlertTransition.ISSUED if alert.level is None else AlertTransition.ADJUSTED
    return AlertChange(updated, transition, calls=(Callee(unit=required.unit),))


def ratify(
    alert: Alert, decision: AlertDecision, acted_at: datetime
) -> AlertChange | DecisionRefusal:
    """Return the change by a signature of the gate after the fact; the last one settles."""
    pending = _pending_for(alert, decision)
    if isinstance(pending, DecisionRefusal):
        return pending
    ratification, level = pending
    if any(signature.officer_id == decision.officer_id for signature in alert.issuing_signatures):
        return DecisionRefusal(
            RefusalReason.ALREADY_SIGNED,
            f"officer {decision.officer_id} has signed; another one is needed",
        )
    signatures = (*alert.issuing_signatures, _signature(decision, level, acted_at))
    # The first signature is that of the authorisation itself.
    settled = len(signatures) - 1 >= ratification.approvals
    updated = replace(
        alert,
        version=alert.version + 1,
        issuing_signatures=signatures,
        pending_ratification=None if settled else ratification,
    )
    return AlertChange(updated, AlertTransition.RATIFIED if settled else AlertTransition.SIGNED)


def annul(
    alert: Alert, decision: AlertDecision, acted_at: datetime
) -> AlertChange | DecisionRefusal:
    """Return the change by which the gate withdraws the authorisation.

    The alert goes back to its level before the authorisation; an alert without one is recalled.
    """
    pending = _pending_for(alert, decision)
    if isinstance(pending, DecisionRefusal):
        return pending
    ratification, _ = pending
    if not decision.reason.strip():
        return DecisionRefusal(RefusalReason.NO_REASON, "annulling needs its reason")
    updated = replace(alert, version=alert.version + 1, signatures=(), pending_ratification=None)
    level = ratification.level_before
    if level is None:
        state = step(alert.state, AlertTrigger.RECALL)
        return AlertChange(replace(updated, state=state), AlertTransition.RECALLED)
    updated = replace(
        updated,
        state=step(alert.state, AlertTrigger.ADJUST),
        level=level,
        proposed_level=level,
        issuing_signatures=(_signature(decision, level, acted_at),),
        issued_round=alert.round + 1,
        round=alert.round + 1,
        wording=None,
        issued_wording=None,
        expires_at=valid_until(level, None, acted_at),
    )
    return AlertChange(updated, AlertTransition.ADJUSTED)


def remind_gate(alert: Alert, now: datetime) -> AlertChange | None:
    """Return the reminder to the gate; None when no reminder is due."""
    ratification = alert.pending_ratification
    if ratification is None or not alert.is_issued or ratification.next_at > now:
        return None
    reminded = ratification.model_copy(
        update={"chased": ratification.chased + 1, "next_at": now + REMIND_EVERY}
    )
    updated = replace(alert, version=alert.version + 1, pending_ratification=reminded)
    calls = (Callee(unit=ratification.unit),)
    return AlertChange(updated, AlertTransition.DEBT_DUE, calls=calls)


def _pending_for(alert: Alert, decision: AlertDecision) -> tuple[Debt, Level] | DecisionRefusal:
    """Return the pending ratification and its level, if this officer may settle it."""
    try:
        step(alert.state, AlertTrigger.SETTLE)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    ratification = alert.pending_ratification
    if ratification is None or alert.level is None:
        return DecisionRefusal(RefusalReason.NO_DEBT, "nothing is owed for this alert")
    if decision.origin_unit != ratification.unit:
        return DecisionRefusal(
            RefusalReason.NOT_ENTITLED,
            f"this is for unit {ratification.unit}, the officer is of {decision.origin_unit}",
        )
    if decision.level is not alert.level:
        return DecisionRefusal(
            RefusalReason.OTHER_LEVEL, f"in force is {alert.level}, not {decision.level}"
        )
    return ratification, alert.level


def _moment(decision: AlertDecision) -> datetime | None:
    stated = decision.wording.valid_until if decision.wording is not None else None
    return stated or decision.valid_until


def _signature(decision: AlertDecision, level: Level, acted_at: datetime) -> Signature:
    return Signature(
        officer_id=decision.officer_id,
        unit=decision.origin_unit,
        post=decision.post,
        level=level,
        signed_at=acted_at,
    )
