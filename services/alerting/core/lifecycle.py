"""What evidence and decisions make of an alert: the alert before and an event in, the alert after out.

Evidence is never refused; it changes what is proposed, and only people change what is issued. A
decision is applied whole or refused with an enumerated reason, and then nothing has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.alerting.core.alert import Alarm, Alert, ReportSeen
from services.alerting.core.authority import HUMAN_VERIFIED, may_judge
from services.alerting.core.corroborate import CORROBORATED, support
from services.alerting.core.states import AlertCause, IllegalStep, step
from shared.contracts.alerts import AlertDecision, AlertTransition, DecisionVerb, Signature

MOST_AREAS = 64


class RefusalReason(StrEnum):
    """Why a decision was refused; a closed set, used by dead letters, metrics and tests alike."""

    OTHER_STATUS = "other_status"
    ILLEGAL_STEP = "illegal_step"
    NOT_ENTITLED = "not_entitled"
    OTHER_PROPOSAL = "other_proposal"
    NOTHING_PROPOSED = "nothing_proposed"
    ALREADY_SIGNED = "already_signed"
    NOT_VERIFIED = "not_verified"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision that changes nothing; `text` tells its officer why."""

    reason: RefusalReason
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """The alert after an event, and what to call what happened. The version is one higher."""

    alert: Alert
    transition: AlertTransition


def take_alarm(alert: Alert, alarm: Alarm, headline: str, areas: tuple[str, ...]) -> Change:
    """An alarm joined, or one of this alert's alarms changed."""
    merged = {one.alarm_id: one for one in alert.alarms} | {alarm.alarm_id: alarm}
    return _weigh(replace(alert, alarms=tuple(merged.values())), headline, areas)


def revise_alarm(alert: Alert, alarm: Alarm) -> Alert | None:
    """The same alert with the new facts of one of its alarms; None when they must be weighed.

    Others see an alert, not its alarms: as long as neither what is asked for nor who has seen it
    changes, nothing has to be told.
    """
    merged = {one.alarm_id: one for one in alert.alarms} | {alarm.alarm_id: alarm}
    after = replace(alert, alarms=tuple(merged.values()))
    found = support(after.sightings)
    grows = found.sources > alert.sources or found.kinds > alert.kinds
    return None if grows or after.asked() is not alert.asked_level else after


def take_report(alert: Alert, report: ReportSeen, headline: str, areas: tuple[str, ...]) -> Change:
    """A report joined."""
    return _weigh(replace(alert, reports=(*alert.reports, report)), headline, areas)


def decide(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    """Apply an officer's decision. `now` becomes the time of a signature."""
    if decision.status is not alert.status:
        return Refusal(
            RefusalReason.OTHER_STATUS,
            f"the alert is {alert.status}, the decision {decision.status}",
        )
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
            return _assess(alert, decision)


def _weigh(alert: Alert, headline: str, areas: tuple[str, ...]) -> Change:
    """Bring sources, score and proposal up to date with the evidence."""
    asked, found = alert.asked(), support(alert.sightings)
    more_sources = found.sources > alert.sources
    after = replace(
        alert,
        version=alert.version + 1,
        asked_level=asked,
        sources=max(found.sources, alert.sources),
        kinds=max(found.kinds, alert.kinds),
        areas=tuple(dict.fromkeys((*alert.areas, *areas)))[:MOST_AREAS],
    )
    # A proposal that was rejected stays down until the evidence asks for something else.
    proposes = asked is not alert.asked_level and asked is not alert.proposed_level
    if proposes:
        after = replace(_propose(after), headline=headline)
    never_issued_and_over = asked is None and not alert.issued
    event = AlertCause.CLEAR if never_issued_and_over else AlertCause.EVIDENCE
    after = replace(after, state=step(alert.state, event))
    if never_issued_and_over:
        return Change(after, AlertTransition.DISMISSED)
    if alert.version == 0:
        return Change(replace(after, headline=headline), AlertTransition.OPENED)
    if more_sources and after.sources >= CORROBORATED and not proposes:
        return Change(after, AlertTransition.CORROBORATED)
    return Change(after, AlertTransition.UPDATED)


def _propose(alert: Alert) -> Alert:
    """A new proposal: what the evidence asks for. What was signed for the former one is void."""
    return replace(alert, proposed_level=alert.asked_level, round=alert.round + 1, signed=())


def _judge(
    alert: Alert, decision: AlertDecision, event: AlertCause, transition: AlertTransition
) -> Change | Refusal:
    """Verify, assess, dismiss: any unit over the place, about the proposal it has seen."""
    try:
        state = step(alert.state, event)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    if not may_judge(decision.origin_unit, alert.place):
        return Refusal(
            RefusalReason.NOT_ENTITLED,
            f"unit {decision.origin_unit} is not over the alert's place {alert.place}",
        )
    if (stale := _other_proposal(alert, decision)) is not None:
        return stale
    verified_by = decision.officer_id if decision.verb is DecisionVerb.VERIFY else alert.verified_by
    after = replace(alert, version=alert.version + 1, state=state, verified_by=verified_by)
    return Change(after, transition)


def _assess(alert: Alert, decision: AlertDecision) -> Change | Refusal:
    outcome = _judge(alert, decision, AlertCause.ASSESS, AlertTransition.ASSESSED)
    if isinstance(outcome, Refusal) or not alert.issued:
        return outcome
    if alert.asked_level is alert.proposed_level:
        return Refusal(
            RefusalReason.NOTHING_PROPOSED, "the evidence asks for nothing else than is proposed"
        )
    return Change(_propose(outcome.alert), AlertTransition.UPDATED)


def _approve(alert: Alert, decision: AlertDecision, now: datetime) -> Change | Refusal:
    if (refusal := _sign_refused(alert, decision, AlertCause.SIGN)) is not None:
        return refusal
    proposed, needs = alert.proposed_level, alert.needs
    if any(one.officer_id == decision.officer_id for one in alert.signed):
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
    after = replace(after, level=level, signed=(), issued_by=signed, issued_round=alert.round)
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
        after = replace(after, proposed_level=alert.level, round=alert.round + 1)
    return Change(after, AlertTransition.REJECTED)


def _sign_refused(alert: Alert, decision: AlertDecision, event: AlertCause) -> Refusal | None:
    """Why this officer may not sign or reject the present proposal now; None = he may."""
    try:
        step(alert.state, event)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    if alert.issued and alert.proposed_level is alert.level:
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
        f"proposed is {_named(alert)}, the decision is about {decision.level or 'lifting'}",
    )


def _named(alert: Alert) -> str:
    return alert.proposed_level or "lifting"
