"""Decisions of officers about alerts."""

from __future__ import annotations

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.decisions import decide
from services.alerting.core.alerts.merging import Regrouping, merge, split, unmerge
from services.alerting.core.alerts.outcome import DecisionRefusal
from services.alerting.core.alerts.records import origin_of
from services.alerting.core.load_plan import REGROUPING_VERBS
from services.alerting.unit_of_work import UnitOfWork
from shared.contracts.alerts import AlertDecision, DecisionVerb
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import ALERT_DECISIONS
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


def load(decision: AlertDecision, unit: UnitOfWork) -> None:
    """A decision needs the alerts that it names; if it moves evidence, their regions as well."""
    unit.plan.need_decision(decision)


@router.subscriber(ALERT_DECISIONS, load=load)
async def handle_decision(
    decision: AlertDecision, unit: UnitOfWork, incoming: InboundMessage
) -> None:
    """Apply a decision. Raises Reject for a refused one, and for an unknown alert."""
    alert = _alert(decision.alert_id, unit)
    if decision.verb in REGROUPING_VERBS:
        regrouping = _regroup(alert, decision, unit)
        if isinstance(regrouping, DecisionRefusal):
            raise _rejection(incoming, regrouping, unit)
        await unit.regroup(regrouping, origin_of(decision))
        return
    outcome = decide(alert, decision, unit.now, incoming.acted_at(unit.now))
    if isinstance(outcome, DecisionRefusal):
        raise _rejection(incoming, outcome, unit)
    unit.commit(outcome, origin_of(decision))


def _regroup(
    alert: Alert, decision: AlertDecision, unit: UnitOfWork
) -> Regrouping | DecisionRefusal:
    if decision.verb is DecisionVerb.SPLIT:
        return split(alert, decision)
    if decision.verb is DecisionVerb.UNMERGE:
        return unmerge(alert, unit.alerts.holder(alert), decision)
    if decision.into is None:
        raise Reject(Reason.SCHEMA, "merge names the alert to merge into")
    return merge(alert, _alert(decision.into, unit), decision)


def _alert(alert_id: str, unit: UnitOfWork) -> Alert:
    alert = unit.alerts.alert(alert_id)
    if alert is None:
        raise Reject(Reason.UNKNOWN_SUBJECT, f"there is no alert {alert_id}")
    return alert


def _rejection(incoming: InboundMessage, refusal: DecisionRefusal, unit: UnitOfWork) -> Reject:
    if not incoming.early:  # an early decision is refused, and counted, in its turn
        unit.counts.refusals[refusal.reason, incoming.message.status] += 1
    return Reject(Reason.NOT_ALLOWED, f"{refusal.reason}: {refusal.text}")
