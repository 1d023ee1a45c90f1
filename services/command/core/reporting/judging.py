"""What follows from what is known: the duties of an alert's incident, whatever came first.

A limit counts from when a level was heard, the earliest of all limits holds: a rise makes a clock
stricter and never looser, and since a rise lies before its own limit it changes nothing that is met.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from services.command.core.reporting.model import (
    Case,
    Counted,
    Duty,
    Heard,
    Over,
    Route,
    Told,
)
from services.command.core.reporting.profiles import Limits, ReportProfile
from services.command.core.reporting.states import INITIAL, TRANSITIONS, Event, step
from shared.contracts.alerts import AlertEvent, AlertState
from shared.contracts.fields import LEVEL_ORDER, Level, Tier, highest_grade
from shared.contracts.ids import report_duty_id
from shared.contracts.reports import DutyState, Means, ReportKind
from shared.contracts.units import ancestor_at, tier_of
from shared.domain.response_modes.effective import Effective, Modes
from shared.domain.response_modes.order import STRICTNESS

_UNCONFIRMED = frozenset({AlertState.VERIFYING})
_STANDING = frozenset({AlertState.VERIFIED, AlertState.PENDING_APPROVAL, AlertState.ISSUED})


class Start(NamedTuple):
    """From when a level obliges a unit, to which limits, given in which mode."""

    at: datetime
    level: Level
    limits: Limits
    mode: Effective


def hear(case: Case | None, alert: AlertEvent, modes: Modes, now: datetime) -> Case:
    """The case after one more version of its alert, in whatever order they come.

    A mode that changes later changes no limit that was given.
    """
    heard = dict(case.heard) if case else {}
    grade = highest_grade(alert.data_grade, case.data_grade if case else alert.data_grade)
    held = dict(case.modes) if case else {}
    level = alert.level or alert.proposed_level
    if alert.state in _STANDING and level is not None:
        one = Heard(level, alert.level is not None)
        heard.setdefault(one, now)
        units = {route.unit for route in routes(alert.place)}
        held.setdefault(one, {unit: modes.effective(alert.status, unit) for unit in units})
    if case is not None and case.version >= alert.version:
        return replace(case, heard=heard, modes=held, data_grade=grade)
    over = None
    if alert.state not in _STANDING | _UNCONFIRMED:
        over = Over.LIFTED if alert.state is AlertState.LIFTED else Over.VOID
    return Case(
        alert_id=alert.alert_id,
        status=alert.status,
        incident_id=alert.incident_id,
        version=alert.version,
        event_type=alert.event_type,
        place=alert.place,
        title=alert.headline,
        trace_id=alert.trace_id or alert.id,
        since=case.since if case else now,
        heard=heard,
        modes=held,
        over=over,
        over_at=None if over is None else (case and case.over_at) or now,
        reason="" if over is None else str(alert.state),
        data_grade=grade,
    )


def duties(case: Case, reports: Collection[Told], profile: ReportProfile) -> list[Duty]:
    """All duties that the case has called for so far."""
    found = [judge(case, route, reports, profile) for route in routes(case.place)]
    return [duty for duty in found if duty is not None]


def routes(place: str) -> list[Route]:
    """Town to district, district to city, and the town straight to the city."""
    town, district = ancestor_at(place, Tier.TOWN), ancestor_at(place, Tier.DISTRICT)
    city = ancestor_at(place, Tier.CITY)
    results = []
    if town and district:
        results.append(Route(town, district))
    if district and city:
        results.append(Route(district, city))
    if town and city:
        results.append(Route(town, city, skip_level=True))
    return results


def judge(
    case: Case, route: Route, reports: Collection[Told], profile: ReportProfile
) -> Duty | None:
    """The duty of one route, or None when nothing has started it."""
    chapter = _chapter(case, reports)
    starts = _starts(case, route, chapter, profile)
    if not starts:
        return None

    def due(since: datetime, limit: Callable[[Limits], timedelta]) -> datetime:
        return min(max(since, start.at) + limit(start.limits) for start in starts)

    started = min(start.at for start in starts)
    mode = max(
        (start.mode for start in starts), key=lambda start: (STRICTNESS[start.mode], start.version)
    )
    duty = Duty(
        duty_id=report_duty_id(case.status, case.alert_id, route.unit, route.to_unit),
        alert_id=case.alert_id,
        status=case.status,
        incident_id=case.incident_id,
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
    )
    for at, event, report in _history(case, chapter, route):
        duty = _count(duty, at, event, report)
        if event in TRANSITIONS[duty.state]:
            duty = replace(duty, state=step(duty.state, event), follow_up_due=None)
        elif event is not Event.WRITE or duty.state is not DutyState.WRITTEN:
            continue
        match duty.state:
            case DutyState.WRITTEN:
                duty = replace(duty, follow_up_due=due(at, lambda item: item.follow_up))
            case DutyState.CLOSING:
                duty = replace(duty, final_due=due(at, lambda item: item.final))
            case DutyState.ENDED:
                duty = replace(duty, reason=case.reason)
    return duty


def _count(duty: Duty, at: datetime, event: Event, report: Told | None) -> Duty:
    """Note what a report meets, before it moves the duty; one that comes after the end is late."""
    if report is None:
        return duty
    if duty.state is DutyState.ENDED and duty.written_at is None:
        return replace(duty, counted=(*duty.counted, Counted(report.report_id, True)))
    follows_up = event is Event.WRITE and duty.state is DutyState.WRITTEN
    if event not in TRANSITIONS[duty.state] and not follows_up:
        return duty
    if event is Event.PHONE:
        late = at >= duty.phone_due
    elif follows_up:
        late = duty.follow_up_due is not None and at >= duty.follow_up_due
    elif duty.final_due is not None:
        late = at >= duty.final_due
    else:
        late = duty.written_at is None and at >= duty.written_due
    in_writing = at if event is not Event.PHONE else None
    return replace(
        duty,
        phone_at=duty.phone_at or at,
        written_at=duty.written_at or in_writing,
        final_at=at if event is Event.FINISH else None,
        follow_ups=duty.follow_ups + follows_up,
        follow_ups_late=duty.follow_ups_late + (follows_up and late),
        counted=(*duty.counted, Counted(report.report_id, late)),
    )


def _chapter(case: Case, reports: Iterable[Told]) -> list[Told]:
    """Reports of this chapter of the incident: not those before a final that is older than the alert."""
    ordered = sorted(reports, key=lambda report: (report.received_at, report.report_id))
    closed: dict[tuple[str, str], datetime] = {
        (one.unit, one.to_unit): one.received_at
        for one in ordered
        if one.kind is ReportKind.FINAL and one.received_at < case.since
    }
    return [
        one
        for one in ordered
        if (one.unit, one.to_unit) not in closed or one.received_at > closed[one.unit, one.to_unit]
    ]


def _starts(
    case: Case, route: Route, reports: Sequence[Told], profile: ReportProfile
) -> list[Start]:
    """What obliges this unit, and from when.

    A district knows of what was signed and issued, or of what a unit below has told it.
    """
    knows = min(
        (report.received_at for report in reports if report.to_unit == route.unit), default=None
    )
    first = tier_of(route.unit) is Tier.TOWN or ancestor_at(case.place, Tier.TOWN) is None
    starts: list[Start] = []
    for heard, heard_at in case.heard.items():
        limits = profile.limits(heard.level, tier_of(route.unit))
        if limits is None or (route.skip_level and heard.level not in profile.skip):
            continue
        at = heard_at
        if not (heard.issued or first):
            if knows is None:
                continue
            at = max(heard_at, knows)
        mode = case.modes[heard][route.unit]
        starts.append(Start(at, heard.level, limits.in_mode(mode.mode), mode))
    return starts


def _history(
    case: Case, reports: Sequence[Told], route: Route
) -> list[tuple[datetime, Event, Told | None]]:
    """Reports and the alert's end in the order of their times; at one moment a report goes first."""
    results: list[tuple[datetime, int, str, Event, Told | None]] = [
        (report.received_at, 0, report.report_id, _event(report), report)
        for report in reports
        if (report.unit, report.to_unit) == route[:2]
    ]
    if case.over is not None and case.over_at is not None:
        end = Event.LIFT if case.over is Over.LIFTED else Event.END
        results.append((case.over_at, 1, "", end, None))
    results.sort(key=lambda item: item[:3])
    return [(at, event, report) for at, _, _, event, report in results]


def _event(report: Told) -> Event:
    if report.means is Means.PHONE:
        return Event.PHONE  # also a final one: the final report is a written one
    return Event.FINISH if report.kind is ReportKind.FINAL else Event.WRITE
