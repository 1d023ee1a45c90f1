"""What evidence makes of an alert: the alert before and an alarm or report in, the alert after out.

Evidence is never refused; it changes what is proposed, and only people change what is issued.
"""

from __future__ import annotations

from dataclasses import replace

from services.alerting.core.alert import Alarm, Alert, Flap, ReportSeen
from services.alerting.core.corroborate import CORROBORATED
from services.alerting.core.outcome import Change
from services.alerting.core.states import AlertCause, step
from shared.contracts.alerts import AlertTransition
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.reports import Report

MOST_AREAS = 64


def take_alarm(
    alert: Alert,
    alarm: Alarm,
    headline: str,
    areas: tuple[str, ...],
    flap: Flap | None = None,
) -> Change:
    """An alarm joined, or one of this alert's alarms changed; `flap`: it flaps, at least at that level."""
    merged = {alarm.alarm_id: alarm for alarm in alert.alarms} | {alarm.alarm_id: alarm}
    after = replace(alert, alarms=tuple(merged.values()))
    if flap is None:
        return weigh(after, headline, areas)
    level = max((flap.level, *([alert.flap.level] if alert.flap else [])), key=_rank)
    after = replace(after, flap=replace(flap, level=level))
    change = weigh(after, headline, areas)
    begins = alert.flap is None and alert.version > 0
    return replace(change, transition=AlertTransition.FLAPPING) if begins else change


def calm(alert: Alert) -> Change:
    """It has not flapped for the quiet time: what is on now counts again."""
    change = weigh(replace(alert, flap=None), alert.headline, ())
    over = not change.alert.open_or_merged
    return change if over else replace(change, transition=AlertTransition.STEADY)


def revise_alarm(alert: Alert, alarm: Alarm) -> Alert | None:
    """The same alert with the new facts of one of its alarms; None when they must be weighed.

    Others see an alert, not its alarms: as long as neither what is asked for nor who has seen it
    changes, nothing has to be told.
    """
    merged = {alarm.alarm_id: alarm for alarm in alert.alarms} | {alarm.alarm_id: alarm}
    after = replace(alert, alarms=tuple(merged.values()))
    result = after.support
    grows = result.sources > alert.sources or result.kinds > alert.kinds
    return None if grows or after.asked() is not alert.asked_level else after


def take_report(alert: Alert, report: ReportSeen, headline: str, areas: tuple[str, ...]) -> Change:
    """A report joined."""
    return weigh(replace(alert, reports=(*alert.reports, report)), headline, areas)


def echoes(report: Report, alert: Alert, home: Alert | None) -> bool:
    """Whether an upward report 上报 tells of an incident that is in the alert, or in its home, already.

    Units owe such reports because of the alert, and each tier passes on what the one below has told:
    whoever writes one has not seen anything for himself.
    """
    known = {report.incident_id for report in alert.reports}
    known |= {one.incident_id for one in (alert, home) if one is not None and one.version > 0}
    return report.means is not None and report.incident_id in known


def weigh(alert: Alert, headline: str, areas: tuple[str, ...], *, afresh: bool = False) -> Change:
    """Bring sources, score and proposal up to date with the evidence.

    `afresh`: evidence has gone to another alert, so that fewer sources may be left.
    """
    asked, result = alert.asked(), alert.support
    least = (0, 0) if afresh else (alert.sources, alert.kinds)
    more_sources = result.sources > alert.sources
    # A proposal that was rejected stays down until the evidence asks for something else.
    proposes = asked is not alert.asked_level and asked is not alert.proposed_level
    # An event is called by what brought it to where it is, never by what takes it down again.
    rises = asked is not None and (
        alert.asked_level is None or _rank(asked) > _rank(alert.asked_level)
    )
    never_issued_and_over = asked is None and not alert.issued
    event = AlertCause.CLEAR if never_issued_and_over else AlertCause.EVIDENCE
    opens = alert.version == 0 and not never_issued_and_over
    after = replace(
        alert,
        version=alert.version + 1,
        state=step(alert.state, event),
        asked_level=asked,
        sources=max(result.sources, least[0]),
        kinds=max(result.kinds, least[1]),
        areas=tuple(dict.fromkeys((*alert.areas, *areas)))[:MOST_AREAS],
        headline=headline if opens or (proposes and rises) else alert.headline,
    )
    if proposes:
        after = propose(after)
    if never_issued_and_over:
        return Change(after, AlertTransition.DISMISSED)
    if opens:
        return Change(after, AlertTransition.OPENED)
    if more_sources and after.sources >= CORROBORATED and not proposes:
        return Change(after, AlertTransition.CORROBORATED)
    return Change(after, AlertTransition.UPDATED)


def propose(alert: Alert) -> Alert:
    """A new proposal: what the evidence asks for. What was signed for the former one is void."""
    return replace(
        alert,
        proposed_level=alert.asked_level,
        proposed_until=None,
        round=alert.round + 1,
        signed=(),
    )


def _rank(level: Level) -> int:
    return LEVEL_ORDER[level]
