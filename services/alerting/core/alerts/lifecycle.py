"""Changes of an alert by evidence: the alert and an alarm or report in, the changed alert out.

Evidence is never refused; it changes the proposal, and only people change the issued level.
"""

from __future__ import annotations

from dataclasses import replace

from services.alerting.core.alerts.alert import (
    AlarmEvidence,
    Alert,
    FlappingState,
    ReportEvidence,
)
from services.alerting.core.alerts.outcome import AlertChange
from services.alerting.core.alerts.source_count import CORROBORATED
from services.alerting.core.alerts.states import AlertTrigger, step
from shared.contracts.alerts import AlertTransition
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.reports import Report

MOST_AREAS = 64


def apply_alarm(
    alert: Alert,
    alarm: AlarmEvidence,
    headline: str,
    areas: tuple[str, ...],
    flapping: FlappingState | None = None,
) -> AlertChange:
    """Return the change when an alarm joins, or when an alarm of the alert has changed.

    `flapping` is set when the alarm flaps; its level is then the least level of the alert.
    """
    updated = replace(alert, alarms=_with_alarm(alert, alarm))
    if flapping is None:
        return reevaluate(updated, headline, areas)
    levels = (flapping.level, *([alert.flapping.level] if alert.flapping else []))
    updated = replace(updated, flapping=replace(flapping, level=max(levels, key=_rank)))
    change = reevaluate(updated, headline, areas)
    begins = alert.flapping is None and alert.version > 0
    return replace(change, transition=AlertTransition.FLAPPING) if begins else change


def end_flapping(alert: Alert) -> AlertChange:
    """Return the change when no alarm has flapped for the quiet period: the alarms decide again."""
    change = reevaluate(replace(alert, flapping=None), alert.headline, ())
    if not change.alert.is_open_or_merged:
        return change
    return replace(change, transition=AlertTransition.STEADY)


def revise_alarm(alert: Alert, alarm: AlarmEvidence) -> Alert | None:
    """Return the alert with the revised alarm and the same version; None: it must be reevaluated.

    Other services know an alert, not its alarms: as long as neither the requested level nor the
    number of sources changes, nothing has to be published.
    """
    updated = replace(alert, alarms=_with_alarm(alert, alarm))
    count = updated.source_count
    grows = count.sources > alert.sources or count.kinds > alert.kinds
    changes = updated.compute_requested_level() is not alert.requested_level
    return None if grows or changes else updated


def apply_report(
    alert: Alert, report: ReportEvidence, headline: str, areas: tuple[str, ...]
) -> AlertChange:
    """Return the change when a report joins."""
    return reevaluate(replace(alert, reports=(*alert.reports, report)), headline, areas)


def repeats_known(report: Report, alert: Alert, origin_alert: Alert | None) -> bool:
    """Return whether an upward report 上报 is about an incident of the alert or of its origin alert.

    Units owe such reports because of the alert, and each tier passes on the report of the tier
    below: their authors have not observed the danger.
    """
    incidents = {evidence.incident_id for evidence in alert.reports}
    incidents |= {
        owner.incident_id
        for owner in (alert, origin_alert)
        if owner is not None and owner.version > 0
    }
    return report.means is not None and report.incident_id in incidents


def reevaluate(
    alert: Alert, headline: str, areas: tuple[str, ...], *, recount: bool = False
) -> AlertChange:
    """Return the change that brings sources, score and proposal up to date with the evidence.

    `recount`: evidence has gone to another alert, so that the number of sources may fall.
    """
    level, count = alert.compute_requested_level(), alert.source_count
    least = (0, 0) if recount else (alert.sources, alert.kinds)
    more_sources = count.sources > alert.sources
    # A rejected proposal is not repeated until the evidence requests another level.
    proposes = level is not alert.requested_level and level is not alert.proposed_level
    # The headline comes from the evidence that raised the level, never from evidence that lowers
    # it.
    rises = level is not None and (
        alert.requested_level is None or _rank(level) > _rank(alert.requested_level)
    )
    ends_unissued = level is None and not alert.is_issued
    cause = AlertTrigger.CLEAR if ends_unissued else AlertTrigger.EVIDENCE
    opens = alert.version == 0 and not ends_unissued
    updated = replace(
        alert,
        version=alert.version + 1,
        state=step(alert.state, cause),
        requested_level=level,
        sources=max(count.sources, least[0]),
        kinds=max(count.kinds, least[1]),
        areas=tuple(dict.fromkeys((*alert.areas, *areas)))[:MOST_AREAS],
        headline=headline if opens or (proposes and rises) else alert.headline,
    )
    if proposes:
        updated = propose(updated)
    if ends_unissued:
        return AlertChange(updated, AlertTransition.DISMISSED)
    if opens:
        return AlertChange(updated, AlertTransition.OPENED)
    if more_sources and updated.sources >= CORROBORATED and not proposes:
        return AlertChange(updated, AlertTransition.CORROBORATED)
    return AlertChange(updated, AlertTransition.UPDATED)


def propose(alert: Alert) -> Alert:
    """Return the alert with the requested level as proposal.

    Earlier signatures and words, which were about another level, become void.
    """
    return replace(
        alert,
        proposed_level=alert.requested_level,
        proposed_until=None,
        wording=None,
        round=alert.round + 1,
        signatures=(),
    )


def _with_alarm(alert: Alert, alarm: AlarmEvidence) -> tuple[AlarmEvidence, ...]:
    alarms = {alarm.alarm_id: alarm for alarm in alert.alarms} | {alarm.alarm_id: alarm}
    return tuple(alarms.values())


def _rank(level: Level) -> int:
    return LEVEL_ORDER[level]
