"""Two alerts that are one, and one that is two: by a person's decision, and reversible.

Every alarm and report has a home, the alert it was grouped into (or split off into), and never loses
it. A merge moves the evidence to the other alert and leaves the homes as they are, so that undoing it
gives back what belongs there, with whatever has changed or come since. What is split off is merged
back the same way. Only what has not been issued is merged away; into what is issued anything goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.alerting.core.alert import Alert, graded
from services.alerting.core.decisions import not_over, wrong_status
from services.alerting.core.lifecycle import weigh
from services.alerting.core.outcome import Change, Refusal, RefusalReason
from services.alerting.core.states import BACK, AlertCause, IllegalStep, step
from shared.contracts.alerts import AlertDecision, AlertTransition
from shared.contracts.ids import alert_id, content_id


@dataclass(frozen=True, slots=True)
class Regrouping:
    """What a decision about two alerts makes of both. `made`: the first of them is new."""

    changes: tuple[Change, ...]
    made: bool = False


def merge(alert: Alert, into: Alert, decision: AlertDecision) -> Regrouping | Refusal:
    """Put `alert` with all its evidence into `into`."""
    if (refusal := _not_both(alert, into, decision)) is not None:
        return refusal
    try:
        state = step(alert.state, AlertCause.MERGE)
        step(into.state, AlertCause.EVIDENCE)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    gone = replace(
        alert,
        version=alert.version + 1,
        state=state,
        merged_from=alert.state,
        merged_into=into.alert_id,
        merged=(),
        alarms=(),
        reports=(),
    )
    taken = replace(
        graded(into, alert.grade),
        merged=(*into.merged, *alert.merged, (alert.alert_id, into.alert_id)),
        alarms=(*into.alarms, *alert.alarms),
        reports=(*into.reports, *alert.reports),
    )
    change = weigh(taken, into.headline, alert.areas)
    return Regrouping(
        (
            Change(gone, AlertTransition.MERGED),
            replace(change, transition=_unless_over(change, AlertTransition.TOOK_IN)),
        )
    )


def unmerge(alert: Alert, holder: Alert, decision: AlertDecision) -> Regrouping | Refusal:
    """Take `alert` out of `holder`, which has its evidence now, to where it was before."""
    if (refusal := _not_both(alert, holder, decision)) is not None:
        return refusal
    if alert.merged_from is None:
        return Refusal(RefusalReason.ILLEGAL_STEP, f"alert {alert.alert_id} is not merged")
    try:
        state = step(alert.state, BACK[alert.merged_from])
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    family = _below(alert.alert_id, holder.merged)
    mine = replace(
        graded(alert, holder.grade),
        state=state,
        merged_from=None,
        merged_into=None,
        merged=tuple(pair for pair in holder.merged if pair[1] in family),
        alarms=tuple(alarm for alarm in holder.alarms if alarm.home in family),
        reports=tuple(report for report in holder.reports if report.home in family),
    )
    rest = replace(
        holder,
        merged=tuple(pair for pair in holder.merged if pair[0] not in family),
        alarms=tuple(alarm for alarm in holder.alarms if alarm.home not in family),
        reports=tuple(report for report in holder.reports if report.home not in family),
    )
    back = weigh(mine, alert.headline, (), afresh=True)
    change = weigh(rest, holder.headline, (), afresh=True)
    return Regrouping(
        (
            replace(back, transition=_unless_over(back, AlertTransition.UNMERGED)),
            replace(change, transition=_unless_over(change, AlertTransition.GAVE_BACK)),
        )
    )


def split(alert: Alert, decision: AlertDecision) -> Regrouping | Refusal:
    """Make a new alert of some of the evidence.

    New evidence of the place and kind goes on going to the old one; an alarm that was split off stays
    with the new one, which is verified from the beginning.
    """
    if (refusal := wrong_status(alert, decision) or not_over(alert, decision)) is not None:
        return refusal
    try:
        step(alert.state, AlertCause.EVIDENCE)
    except IllegalStep as why:
        return Refusal(RefusalReason.ILLEGAL_STEP, str(why))
    wanted = set(decision.evidence_ids)
    alarms = tuple(alarm for alarm in alert.alarms if alarm.alarm_id in wanted)
    reports = tuple(report for report in alert.reports if report.report_id in wanted)
    if not wanted or len(alarms) + len(reports) < len(wanted):
        return Refusal(RefusalReason.OTHER_EVIDENCE, "not all of this is evidence of the alert")
    if len(wanted) == len(alert.alarms) + len(alert.reports):
        return Refusal(RefusalReason.OTHER_EVIDENCE, "something has to stay in the alert")
    fresh = alert_id(decision.id)
    part = Alert(
        alert_id=fresh,
        status=alert.status,
        event_type=alert.event_type,
        scope=fresh,
        place=alert.place,
        incident_id=content_id("inc", fresh),
        grade=alert.grade,
        headline=alert.headline,
        areas=alert.areas,
        alarms=tuple(replace(alarm, home=fresh) for alarm in alarms),
        reports=tuple(replace(report, home=fresh) for report in reports),
    )
    if part.asked() is None:
        return Refusal(RefusalReason.OTHER_EVIDENCE, "nothing of this asks for an alert")
    rest = replace(
        alert,
        alarms=tuple(alarm for alarm in alert.alarms if alarm.alarm_id not in wanted),
        reports=tuple(report for report in alert.reports if report.report_id not in wanted),
    )
    change = weigh(rest, alert.headline, (), afresh=True)
    return Regrouping(
        (
            weigh(part, alert.headline, ()),
            replace(change, transition=_unless_over(change, AlertTransition.SPLIT)),
        ),
        made=True,
    )


def follow(alert: Alert) -> Change:
    """A merged alert ends with the one that has its evidence."""
    after = replace(alert, version=alert.version + 1, state=step(alert.state, AlertCause.FOLLOW))
    return Change(after, AlertTransition.ABSORBED)


def _not_both(alert: Alert, other: Alert, decision: AlertDecision) -> Refusal | None:
    if alert.alert_id == other.alert_id:
        return Refusal(RefusalReason.OTHER_ALERT, "an alert is not merged with itself")
    return (
        wrong_status(alert, decision)
        or wrong_status(other, decision)
        or not_over(alert, decision)
        or not_over(other, decision)
    )


def _below(root: str, merged: Iterable[tuple[str, str]]) -> set[str]:
    """An alert and all that were merged into it, however often."""
    children: dict[str, list[str]] = {}
    for child, parent in merged:
        children.setdefault(parent, []).append(child)
    result, waiting = {root}, [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in result:
                result.add(child)
                waiting.append(child)
    return result


def _unless_over(change: Change, transition: AlertTransition) -> AlertTransition:
    return transition if change.alert.open_or_merged else change.transition
