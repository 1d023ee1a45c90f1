"""紧急授权: who is on the spot issues at once; the signatures of the gate follow, and are chased.

An emergency authorisation goes up only. The debt stays until the gate ratifies (as many signatures as
the level takes), annuls, or signs another level; it is chased at its hour and then again and again. So
nobody issues for less than until the gate has been chased; an alert that expires unsigned says so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.alerting.core.alert import Alert
from services.alerting.core.authority import may_authorise
from services.alerting.core.outcome import Change, Refusal, RefusalReason
from services.alerting.core.states import AlertCause, IllegalStep, step
from services.alerting.core.validity import valid_until
from shared.contracts.alerts import AlertDecision, AlertTransition, Callee, Debt, Signature
from shared.contracts.fields import LEVEL_ORDER, Level

DUE_AFTER: dict[Level, timedelta] = {
    Level.BLUE: timedelta(hours=4),
    Level.YELLOW: timedelta(hours=2),
    Level.ORANGE: timedelta(hours=1),
    Level.RED: timedelta(minutes=30),
}
"""By when the gate has to have signed: our own example data."""
CHASE_EVERY = timedelta(minutes=15)


def authorise(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    """Issue the proposal at once, below the gate."""
    try:
        state = step(alert.state, AlertCause.EMERGENCY)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    proposed, needs = alert.proposed_level, alert.needs
    if proposed is None or (
        alert.level is not None and LEVEL_ORDER[proposed] <= LEVEL_ORDER[alert.level]
    ):
        return Refusal(RefusalReason.NOTHING_PROPOSED, "no higher level than now is proposed")
    if decision.level is not proposed:
        return Refusal(
            RefusalReason.OTHER_PROPOSAL, f"proposed is {proposed}, not {decision.level}"
        )
    if not may_authorise(decision.origin_unit, decision.post, needs.unit, alert.place):
        return Refusal(
            RefusalReason.NOT_ENTITLED,
            f"a {decision.post} of {decision.origin_unit} may not issue for {needs.unit}",
        )
    if not decision.reason.strip():
        return Refusal(RefusalReason.NO_REASON, "an emergency authorisation needs its reason")
    if alert.debt is not None:
        return Refusal(
            RefusalReason.ILLEGAL_STEP, f"{alert.debt.unit} has not settled the last authorisation"
        )
    due_at = now + DUE_AFTER[proposed]
    debt = Debt(
        unit=needs.unit,
        approvals=needs.approvals,
        by_officer=decision.officer_id,
        by_unit=decision.origin_unit,
        level_before=alert.level,
        due_at=due_at,
        next_at=due_at,
    )
    after = replace(
        alert,
        version=alert.version + 1,
        state=state,
        level=proposed,
        verified_by=alert.verified_by or decision.officer_id,
        signed=(),
        issued_by=(_signature(decision, proposed, now),),
        issued_round=alert.round,
        proposed_until=None,
        expires_at=max(valid_until(proposed, decision.valid_until, now), due_at + CHASE_EVERY),
        debt=debt,
    )
    first = AlertTransition.ISSUED if alert.level is None else AlertTransition.ADJUSTED
    return Change(after, first, calls=(Callee(unit=needs.unit),))


def ratify(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    """One of the gate's signatures after the fact; the last one settles the debt."""
    result = _owed(alert, decision)
    if isinstance(result, Refusal):
        return result
    debt, level = result
    if any(signature.officer_id == decision.officer_id for signature in alert.issued_by):
        return Refusal(
            RefusalReason.ALREADY_SIGNED,
            f"officer {decision.officer_id} has signed; another one is needed",
        )
    issued_by = (*alert.issued_by, _signature(decision, level, now))
    settled = len(issued_by) - 1 >= debt.approvals
    after = replace(
        alert,
        version=alert.version + 1,
        issued_by=issued_by,
        debt=None if settled else debt,
    )
    return Change(after, AlertTransition.RATIFIED if settled else AlertTransition.SIGNED)


def annul(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    """The gate does not stand by it: back to the level of before, or a recall."""
    result = _owed(alert, decision)
    if isinstance(result, Refusal):
        return result
    debt, _ = result
    if not decision.reason.strip():
        return Refusal(RefusalReason.NO_REASON, "annulling needs its reason")
    after = replace(alert, version=alert.version + 1, signed=(), debt=None)
    if debt.level_before is None:
        state = step(alert.state, AlertCause.RECALL)
        return Change(replace(after, state=state), AlertTransition.RECALLED)
    after = replace(
        after,
        state=step(alert.state, AlertCause.ADJUST),
        level=debt.level_before,
        proposed_level=debt.level_before,
        issued_by=(_signature(decision, debt.level_before, now),),
        issued_round=alert.round + 1,
        round=alert.round + 1,
        expires_at=valid_until(debt.level_before, None, now),
    )
    return Change(after, AlertTransition.ADJUSTED)


def chase(alert: Alert, now: datetime) -> Change | None:
    """Call the debtor, at the hour and every quarter after it; None when nothing is due."""
    debt = alert.debt
    if debt is None or not alert.issued or debt.next_at > now:
        return None
    chased = debt.model_copy(update={"chased": debt.chased + 1, "next_at": now + CHASE_EVERY})
    after = replace(alert, version=alert.version + 1, debt=chased)
    return Change(after, AlertTransition.DEBT_DUE, calls=(Callee(unit=debt.unit),))


def _owed(alert: Alert, decision: AlertDecision) -> tuple[Debt, Level] | Refusal:
    """The debt and the level that it is about, if this officer may settle it."""
    try:
        step(alert.state, AlertCause.SETTLE)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    if alert.debt is None or alert.level is None:
        return Refusal(RefusalReason.NO_DEBT, "nothing is owed for this alert")
    if decision.origin_unit != alert.debt.unit:
        return Refusal(
            RefusalReason.NOT_ENTITLED,
            f"this is for unit {alert.debt.unit}, the officer is of {decision.origin_unit}",
        )
    if decision.level is not alert.level:
        return Refusal(
            RefusalReason.OTHER_LEVEL, f"in force is {alert.level}, not {decision.level}"
        )
    return alert.debt, alert.level


def _signature(decision: AlertDecision, level: Level, now: datetime) -> Signature:
    return Signature(
        officer_id=decision.officer_id,
        unit=decision.origin_unit,
        post=decision.post,
        level=level,
        signed_at=now,
    )
