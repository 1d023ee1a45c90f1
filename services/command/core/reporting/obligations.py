"""Obligations to report an incident, computed from alerts and reports in whatever order they came.

A limit counts from the time when a level was seen, and the earliest of all limits holds: a rise
makes a clock stricter and never looser. Since a rise lies before its own limit, the rise changes
nothing that is met already.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from services.command.core.reporting.model import (
    AlertReporting,
    CreditedReport,
    EndReason,
    LevelLimits,
    LevelSeen,
    Obligation,
    ReceivedReport,
    ReportRoute,
)
from services.command.core.reporting.profiles import ReportProfiles
from services.command.core.reporting.states import INITIAL, TRANSITIONS, ReportDutyTrigger, step
from shared.contracts.alerts import AlertEvent, AlertState
from shared.contracts.fields import LEVEL_ORDER, Level, Tier, highest_grade
from shared.contracts.ids import report_duty_id
from shared.contracts.reports import DutyState, Means, ReportKind
from shared.contracts.units import ancestor_at, tier_of
from shared.domain.response_modes.effective import Effective, Modes
from shared.domain.response_modes.order import STRICTNESS

_UNCONFIRMED = frozenset({AlertState.VERIFYING})
_CONFIRMED = frozenset({AlertState.VERIFIED, AlertState.PENDING_APPROVAL, AlertState.ISSUED})


class LimitStart(NamedTuple):
    """The start of a unit's limits: time, level, limits and mode."""

    at: datetime
    level: Level
    limits: LevelLimits
    mode: Effective


def observe_alert(
    reporting: AlertReporting | None,
    alert: AlertEvent,
    modes: Modes,
    profiles: ReportProfiles,
    now: datetime,
) -> AlertReporting:
    """Return the reporting of an alert after one more version of the alert, in any order.

    A mode or a document of limits that changes later does not change a limit that was set.
    """
    levels_seen = dict(reporting.levels_seen) if reporting else {}
    grade = highest_grade(alert.data_grade, reporting.data_grade if reporting else alert.data_grade)
    modes_at_level = dict(reporting.modes_at_level) if reporting else {}
    limits_at_level = dict(reporting.limits_at_level) if reporting else {}
    level = alert.level or alert.proposed_level
    if alert.state in _CONFIRMED and level is not None:
        level_seen = LevelSeen(level, alert.level is not None)
        levels_seen.setdefault(level_seen, now)
        units = {route.unit for route in routes(alert.place)}
        modes_at_level.setdefault(
            level_seen, {unit: modes.effective(alert.status, unit) for unit in units}
        )
        if level_seen not in limits_at_level:
            limits_at_level[level_seen] = limits_of(level, modes_at_level[level_seen], profiles)
    if reporting is not None and reporting.version >= alert.version:
        return replace(
            reporting,
            levels_seen=levels_seen,
            modes_at_level=modes_at_level,
            limits_at_level=limits_at_level,
            data_grade=grade,
        )
    end_reason = None
    if alert.state not in _CONFIRMED | _UNCONFIRMED:
        end_reason = EndReason.LIFTED if alert.state is AlertState.LIFTED else EndReason.VOID
    ended_at = None if end_reason is None else (reporting and reporting.ended_at) or now
    return AlertReporting(
        alert_id=alert.alert_id,
        status=alert.status,
        incident_id=alert.incident_id,
        version=alert.version,
        event_type=alert.event_type,
        place=alert.place,
        title=alert.headline,
        trace_id=alert.trace_id or alert.id,
        first_seen_at=reporting.first_seen_at if reporting else now,
        levels_seen=levels_seen,
        modes_at_level=modes_at_level,
        limits_at_level=limits_at_level,
        end_reason=end_reason,
        ended_at=ended_at,
        reason="" if end_reason is None else str(alert.state),
        data_grade=grade,
    )


def limits_of(
    level: Level, modes: Mapping[str, Effective], profiles: ReportProfiles
) -> dict[str, LevelLimits]:
    """Return the limits of each unit that owes a report at a level, in its mode."""
    limits = {
        unit: profiles.of(unit).at_level(level, tier_of(unit), mode.mode)
        for unit, mode in modes.items()
    }
    return {unit: item for unit, item in limits.items() if item is not None}


def with_limits(reporting: AlertReporting, profiles: ReportProfiles) -> AlertReporting:
    """Return the reporting with the present limits for levels seen before limits were stored."""
    missing = reporting.levels_seen.keys() - reporting.limits_at_level.keys()
    if not missing:
        return reporting
    limits = {
        level_seen: limits_of(level_seen.level, reporting.modes_at_level[level_seen], profiles)
        for level_seen in missing
    }
    return replace(reporting, limits_at_level={**reporting.limits_at_level, **limits})


def obligations_of(
    reporting: AlertReporting, reports: Collection[ReceivedReport]
) -> list[Obligation]:
    """Return all obligations of the alert so far."""
    results = [obligation_of(reporting, route, reports) for route in routes(reporting.place)]
    return [obligation for obligation in results if obligation is not None]


def routes(place: str) -> list[ReportRoute]:
    """Return the routes: town to district, district to city, and the town straight to the city.

    Without a district the town has one route, to the city.
    """
    tiers = (Tier.TOWN, Tier.DISTRICT, Tier.CITY)
    units = [unit for tier in tiers if (unit := ancestor_at(place, tier)) is not None]
    results = [ReportRoute(unit, above) for unit, above in pairwise(units)]
    if len(units) == len(tiers):
        results.append(ReportRoute(units[0], units[-1], skip_level=True))
    return results


def obligation_of(
    reporting: AlertReporting,
    route: ReportRoute,
    reports: Collection[ReceivedReport],
) -> Obligation | None:
    """Return the obligation of a route; None before its start."""
    chapter = _chapter(reporting, reports)
    starts = _starts(reporting, route, chapter)
    if not starts:
        return None

    def due(begin: datetime, limit: Callable[[LevelLimits], timedelta]) -> datetime:
        return min(max(begin, start.at) + limit(start.limits) for start in starts)

    started = min(start.at for start in starts)
    mode = max(
        (start.mode for start in starts), key=lambda item: (STRICTNESS[item.mode], item.version)
    )
    first = min(starts, key=lambda start: max(started, start.at) + start.limits.phone)
    obligation = Obligation(
        obligation_id=report_duty_id(
            reporting.status, reporting.alert_id, route.unit, route.to_unit
        ),
        alert_id=reporting.alert_id,
        status=reporting.status,
        incident_id=reporting.incident_id,
        unit=route.unit,
        to_unit=route.to_unit,
        skip_level=route.skip_level,
        level=max((start.level for start in starts), key=LEVEL_ORDER.__getitem__),
        state=INITIAL,
        started_at=started,
        mode=mode.mode,
        mode_version=mode.version,
        mode_unit=mode.unit,
        phone_due=due(started, lambda item: item.phone),
        written_due=due(started, lambda item: item.written),
        limits_id=first.limits.limits_id,
        limits_version=first.limits.limits_version,
    )
    for at, event, report in _history(reporting, chapter, route):
        obligation = _credit(obligation, at, event, report)
        if event in TRANSITIONS[obligation.state]:
            obligation = replace(
                obligation, state=step(obligation.state, event), follow_up_due=None
            )
        elif event is not ReportDutyTrigger.WRITE or obligation.state is not DutyState.WRITTEN:
            continue
        match obligation.state:
            case DutyState.WRITTEN:
                obligation = replace(obligation, follow_up_due=due(at, lambda item: item.follow_up))
            case DutyState.CLOSING:
                obligation = replace(obligation, final_due=due(at, lambda item: item.final))
            case DutyState.ENDED:
                obligation = replace(obligation, reason=reporting.reason)
    return obligation


def _credit(
    obligation: Obligation, at: datetime, event: ReportDutyTrigger, report: ReceivedReport | None
) -> Obligation:
    """Credit a report to the obligation; a report after the end is late."""
    if report is None:
        return obligation
    if obligation.state is DutyState.ENDED and obligation.written_at is None:
        late_report = CreditedReport(report.report_id, True)
        return replace(obligation, credited_reports=(*obligation.credited_reports, late_report))
    follows_up = event is ReportDutyTrigger.WRITE and obligation.state is DutyState.WRITTEN
    if event not in TRANSITIONS[obligation.state] and not follows_up:
        return obligation
    if event is ReportDutyTrigger.PHONE:
        late = at >= obligation.phone_due
    elif follows_up:
        late = obligation.follow_up_due is not None and at >= obligation.follow_up_due
    elif obligation.final_due is not None:
        late = at >= obligation.final_due
    else:
        late = obligation.written_at is None and at >= obligation.written_due
    in_writing = at if event is not ReportDutyTrigger.PHONE else None
    return replace(
        obligation,
        phone_at=obligation.phone_at or at,
        written_at=obligation.written_at or in_writing,
        final_at=at if event is ReportDutyTrigger.FINISH else None,
        follow_ups=obligation.follow_ups + follows_up,
        follow_ups_late=obligation.follow_ups_late + (follows_up and late),
        credited_reports=(*obligation.credited_reports, CreditedReport(report.report_id, late)),
    )


def _chapter(reporting: AlertReporting, reports: Iterable[ReceivedReport]) -> list[ReceivedReport]:
    """Return the reports of this chapter of the incident.

    A final report that is older than the alert closes an earlier chapter of its route.
    """
    ordered = sorted(reports, key=lambda report: (report.received_at, report.report_id))
    closed: dict[tuple[str, str], datetime] = {
        (report.unit, report.to_unit): report.received_at
        for report in ordered
        if report.kind is ReportKind.FINAL and report.known_at < reporting.first_seen_at
    }
    return [
        report
        for report in ordered
        if (report.unit, report.to_unit) not in closed
        or report.received_at > closed[report.unit, report.to_unit]
    ]


def _starts(
    reporting: AlertReporting,
    route: ReportRoute,
    reports: Sequence[ReceivedReport],
) -> list[LimitStart]:
    """Return the starts of the unit's limits, one per level that obliges the unit.

    A district knows of an issued level, and of a level after the first report of a unit below.
    """
    informed_at = min(
        (report.known_at for report in reports if report.to_unit == route.unit), default=None
    )
    is_first = tier_of(route.unit) is Tier.TOWN or ancestor_at(reporting.place, Tier.TOWN) is None
    starts: list[LimitStart] = []
    for level_seen, seen_at in reporting.levels_seen.items():
        limits = reporting.limits_at_level[level_seen].get(route.unit)
        if limits is None or (route.skip_level and not limits.skip):
            continue
        at = seen_at
        if not (level_seen.issued or is_first):
            if informed_at is None:
                continue
            at = max(seen_at, informed_at)
        mode = reporting.modes_at_level[level_seen][route.unit]
        starts.append(LimitStart(at, level_seen.level, limits, mode))
    return starts


def _history(
    reporting: AlertReporting, reports: Sequence[ReceivedReport], route: ReportRoute
) -> list[tuple[datetime, ReportDutyTrigger, ReceivedReport | None]]:
    """Return reports and the alert's end by time; at one time, reports come first."""
    results: list[tuple[datetime, int, str, ReportDutyTrigger, ReceivedReport | None]] = [
        (report.received_at, 0, report.report_id, _event(report), report)
        for report in reports
        if (report.unit, report.to_unit) == route[:2]
    ]
    if reporting.end_reason is not None and reporting.ended_at is not None:
        end = (
            ReportDutyTrigger.LIFT
            if reporting.end_reason is EndReason.LIFTED
            else ReportDutyTrigger.END
        )
        results.append((reporting.ended_at, 1, "", end, None))
    results.sort(key=lambda item: item[:3])
    return [(at, event, report) for at, _, _, event, report in results]


def _event(report: ReceivedReport) -> ReportDutyTrigger:
    if report.means is Means.PHONE:
        return (
            ReportDutyTrigger.PHONE
        )  # Also for a final report: the final report is a written one.
    return ReportDutyTrigger.FINISH if report.kind is ReportKind.FINAL else ReportDutyTrigger.WRITE
