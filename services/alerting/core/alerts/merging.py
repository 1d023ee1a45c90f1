"""Merging two alerts of one danger, and splitting an alert of two dangers, by an officer's
decision.

Both can be undone. Every alarm and report has a permanent origin alert, by grouping or by a split.
A merge moves the evidence to the target and leaves the origins: undoing the merge returns the
evidence of the origin, with all later changes and additions. A split is undone by a merge. Only an
alert without an issued level can be merged away; an issued alert can absorb any.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.alerting.core.alerts.alert import Alert, with_grade
from services.alerting.core.alerts.decisions import refuse_other_status, refuse_outsider
from services.alerting.core.alerts.lifecycle import reevaluate
from services.alerting.core.alerts.outcome import AlertChange, DecisionRefusal, RefusalReason
from services.alerting.core.alerts.states import BACK, AlertTrigger, IllegalStep, step
from shared.contracts.alerts import AlertDecision, AlertTransition
from shared.contracts.ids import alert_id, content_id


@dataclass(frozen=True, slots=True)
class Regrouping:
    """The changes of both alerts of a decision. `creates_alert`: the first of them is new."""

    changes: tuple[AlertChange, ...]
    creates_alert: bool = False


def merge(alert: Alert, target: Alert, decision: AlertDecision) -> Regrouping | DecisionRefusal:
    """Return the regrouping of all evidence of `alert` into `target`."""
    if (refusal := _refuse_pair(alert, target, decision)) is not None:
        return refusal
    try:
        state = step(alert.state, AlertTrigger.MERGE)
        step(target.state, AlertTrigger.EVIDENCE)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    emptied = replace(
        alert,
        version=alert.version + 1,
        state=state,
        state_before_merge=alert.state,
        merged_into=target.alert_id,
        merged_alerts=(),
        alarms=(),
        reports=(),
    )
    joined = replace(
        with_grade(target, alert.grade),
        merged_alerts=(
            *target.merged_alerts,
            *alert.merged_alerts,
            (alert.alert_id, target.alert_id),
        ),
        alarms=(*target.alarms, *alert.alarms),
        reports=(*target.reports, *alert.reports),
    )
    change = reevaluate(joined, target.headline, alert.areas)
    return Regrouping(
        (
            AlertChange(emptied, AlertTransition.MERGED),
            replace(change, transition=_unless_over(change, AlertTransition.TOOK_IN)),
        )
    )


def unmerge(alert: Alert, holder: Alert, decision: AlertDecision) -> Regrouping | DecisionRefusal:
    """Return the regrouping of the evidence of `alert` back from `holder`.

    `alert` returns to the state before the merge.
    """
    if (refusal := _refuse_pair(alert, holder, decision)) is not None:
        return refusal
    if alert.state_before_merge is None:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, f"alert {alert.alert_id} is not merged")
    try:
        state = step(alert.state, BACK[alert.state_before_merge])
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    family = _family_of(alert.alert_id, holder.merged_alerts)
    restored = replace(
        with_grade(alert, holder.grade),
        state=state,
        state_before_merge=None,
        merged_into=None,
        merged_alerts=tuple(pair for pair in holder.merged_alerts if pair[1] in family),
        alarms=tuple(alarm for alarm in holder.alarms if alarm.origin_alert_id in family),
        reports=tuple(report for report in holder.reports if report.origin_alert_id in family),
    )
    reduced = replace(
        holder,
        merged_alerts=tuple(pair for pair in holder.merged_alerts if pair[0] not in family),
        alarms=tuple(alarm for alarm in holder.alarms if alarm.origin_alert_id not in family),
        reports=tuple(report for report in holder.reports if report.origin_alert_id not in family),
    )
    restoration = reevaluate(restored, alert.headline, (), recount=True)
    reduction = reevaluate(reduced, holder.headline, (), recount=True)
    return Regrouping(
        (
            replace(restoration, transition=_unless_over(restoration, AlertTransition.UNMERGED)),
            replace(reduction, transition=_unless_over(reduction, AlertTransition.GAVE_BACK)),
        )
    )


def split(alert: Alert, decision: AlertDecision) -> Regrouping | DecisionRefusal:
    """Return the regrouping of some of the evidence into a new alert.

    New evidence of the group still joins the old alert; an alarm of the new alert stays there. The
    new alert has to be verified from the beginning.
    """
    refusal = refuse_other_status(alert, decision) or refuse_outsider(alert, decision)
    if refusal is not None:
        return refusal
    try:
        step(alert.state, AlertTrigger.EVIDENCE)
    except IllegalStep as error:
        return DecisionRefusal(RefusalReason.ILLEGAL_STEP, str(error))
    ids = set(decision.evidence_ids)
    alarms = tuple(alarm for alarm in alert.alarms if alarm.alarm_id in ids)
    reports = tuple(report for report in alert.reports if report.report_id in ids)
    if not ids or len(alarms) + len(reports) < len(ids):
        return DecisionRefusal(
            RefusalReason.OTHER_EVIDENCE, "not all of this is evidence of the alert"
        )
    if len(ids) == len(alert.alarms) + len(alert.reports):
        return DecisionRefusal(RefusalReason.OTHER_EVIDENCE, "something has to stay in the alert")
    part = _part_of(alert, alert_id(decision.type, decision.id))
    part = replace(
        part,
        alarms=tuple(replace(alarm, origin_alert_id=part.alert_id) for alarm in alarms),
        reports=tuple(replace(report, origin_alert_id=part.alert_id) for report in reports),
    )
    if part.compute_requested_level() is None:
        return DecisionRefusal(RefusalReason.OTHER_EVIDENCE, "nothing of this asks for an alert")
    reduced = replace(
        alert,
        alarms=tuple(alarm for alarm in alert.alarms if alarm.alarm_id not in ids),
        reports=tuple(report for report in alert.reports if report.report_id not in ids),
    )
    change = reevaluate(reduced, alert.headline, (), recount=True)
    return Regrouping(
        (
            reevaluate(part, alert.headline, ()),
            replace(change, transition=_unless_over(change, AlertTransition.SPLIT)),
        ),
        creates_alert=True,
    )


def end_merged(alert: Alert) -> AlertChange:
    """Return the end of a merged alert, together with the holder of the evidence."""
    state = step(alert.state, AlertTrigger.FOLLOW)
    updated = replace(alert, version=alert.version + 1, state=state)
    return AlertChange(updated, AlertTransition.ABSORBED)


def _part_of(alert: Alert, part_id: str) -> Alert:
    """Return a new alert of the same danger, without evidence; its scope is its own id."""
    return Alert(
        alert_id=part_id,
        status=alert.status,
        event_type=alert.event_type,
        scope=part_id,
        place=alert.place,
        incident_id=content_id("inc", part_id),
        grade=alert.grade,
        headline=alert.headline,
        areas=alert.areas,
    )


def _refuse_pair(alert: Alert, target: Alert, decision: AlertDecision) -> DecisionRefusal | None:
    if alert.alert_id == target.alert_id:
        return DecisionRefusal(RefusalReason.OTHER_ALERT, "an alert is not merged with itself")
    return (
        refuse_other_status(alert, decision)
        or refuse_other_status(target, decision)
        or refuse_outsider(alert, decision)
        or refuse_outsider(target, decision)
    )


def _family_of(root: str, merged_alerts: Iterable[tuple[str, str]]) -> set[str]:
    """Return the ids of an alert and of all alerts merged into the alert, at any depth."""
    children: dict[str, list[str]] = {}
    for child, parent in merged_alerts:
        children.setdefault(parent, []).append(child)
    family, pending = {root}, [root]
    while pending:
        for child in children.get(pending.pop(), ()):
            if child not in family:
                family.add(child)
                pending.append(child)
    return family


def _unless_over(change: AlertChange, transition: AlertTransition) -> AlertTransition:
    return transition if change.alert.is_open_or_merged else change.transition
