"""Corroboration rules 多源印证: distinct sources, weighted by trust, near in time and place.

A sensor, a reporter or an agency is one source, however often it speaks; `kinds` requires that many
classes with a source of their own. The fullest window that matters is counted, for any order of
arrival: more evidence and more trust never lower the result. The warning of an agency counts
exactly while it is in force.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from services.alerting.core.multi_source.episode import RuleEvaluation, RuleResult
from services.alerting.core.multi_source.source_pool import (
    MILLION,
    Sighting,
    SourcePool,
    WeightedSighting,
    combined_weight,
)
from shared.contracts.conditions import CorroborationRule
from shared.contracts.fields import Position, highest_grade

_EARTH_M = 6_371_000.0
LOOKBACK = timedelta(hours=72)
"""Evidence that ended longer ago than this, beyond the window of the rule, is not loaded."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A satisfying window; time alone ends the window at `until` (None: never)."""

    weight: int
    until: datetime | None
    members: Sequence[WeightedSighting]


def evaluate_corroboration(
    pool: SourcePool, unit: str, clock: datetime, new_sighting: Sighting | None = None
) -> RuleEvaluation:
    """Evaluate the rule over the sightings of `unit` at `clock`.

    A window matters while an alarm of the window is on, and for `window_s` after the last sighting;
    a window with a warning matters while the warning is in force. A later warning is evaluated at
    its begin. `new_sighting`: the rule did not hold before the sighting; only windows with the
    sighting are examined.
    """
    if not pool.can_hold:
        return RuleEvaluation(None)
    rule, counted = pool.rule, pool.counted_at(clock)
    window = _fullest(rule, counted, clock, new_sighting)
    if window is None:
        return RuleEvaluation(None, _next_warning(pool.ordered, clock))
    started_at, start_event_id = max(member.sort_key for member in window.members)
    current = [member for member in counted if not member.sighting.retrospective]
    doubtful = len(current) < len(counted) and _fullest(rule, current, clock) is None
    sightings = [member.sighting for member in window.members]
    newest_first = sorted(
        {(sighting.start, sighting.record_id) for sighting in sightings}, reverse=True
    )
    result = RuleResult(
        level=rule.level,
        metric="sources",
        value=window.weight / MILLION,
        limit=rule.need,
        start_event_id=start_event_id,
        started_at=started_at,
        place=unit,
        references=tuple(record_id for _, record_id in newest_first),
        window_s=rule.window_s,
        retrospective=doubtful,
        synthetic=any(sighting.synthetic for sighting in sightings),
        grade=highest_grade(*(sighting.grade for sighting in sightings)),
    )
    return RuleEvaluation(result, window.until)


def _next_warning(members: Iterable[WeightedSighting], clock: datetime) -> datetime | None:
    """Return the begin of the next later warning."""
    begins = (
        member.sighting.start
        for member in members
        if member.sighting.is_from_agency and member.sighting.start > clock
    )
    return min(begins, default=None)


def metres(position: Position, destination: Position) -> float:
    """Return the great-circle distance in metres."""
    lat1, lat2 = radians(position.lat), radians(destination.lat)
    half = sin((lat2 - lat1) / 2) ** 2
    half += cos(lat1) * cos(lat2) * sin(radians(destination.lon - position.lon) / 2) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(half)))


def _fullest(
    rule: CorroborationRule,
    members: Sequence[WeightedSighting],
    clock: datetime,
    new_sighting: Sighting | None = None,
) -> _Window | None:
    """Return the heaviest satisfying window; `until` is the latest of all windows."""
    best: _Window | None = None
    for group in _neighbours(rule, members, new_sighting):
        if not combined_weight(rule, group):
            continue
        for window_members, until in _windows(rule, group, clock, new_sighting):
            weight = combined_weight(rule, window_members)
            if weight:
                window = _Window(weight, until, window_members)
                best = window if best is None else _better(best, window)
    return best


def _better(first: _Window, second: _Window) -> _Window:
    until = None
    if first.until is not None and second.until is not None:
        until = max(first.until, second.until)
    heavier = second if second.weight > first.weight else first
    return _Window(heavier.weight, until, heavier.members)


def _neighbours(
    rule: CorroborationRule, members: Sequence[WeightedSighting], new_sighting: Sighting | None
) -> Iterator[Sequence[WeightedSighting]]:
    """Yield groups near one of their members; a source without a position is in every group."""
    positions = (member.sighting.position for member in members)
    spots = {(position.lat, position.lon): position for position in positions if position}
    if rule.radius_m is None or not spots:
        yield members
        return
    for _, spot in sorted(spots.items()):
        if new_sighting is None or _is_near(rule.radius_m, spot, new_sighting):
            yield [member for member in members if _is_near(rule.radius_m, spot, member.sighting)]


def _is_near(radius_m: float, spot: Position, sighting: Sighting) -> bool:
    return sighting.position is None or metres(spot, sighting.position) <= radius_m


def _windows(
    rule: CorroborationRule,
    group: Sequence[WeightedSighting],
    clock: datetime,
    new_sighting: Sighting | None,
) -> Iterator[tuple[Sequence[WeightedSighting], datetime | None]]:
    """Yield the members and `until` of each window with its end at the start of a sighting.

    These windows are enough: moving a window either way only loses members.
    """
    span = timedelta(seconds=rule.window_s)
    points = [member for member in group if member.sighting.end == member.sighting.start]
    periods = [member for member in group if member.sighting.end != member.sighting.start]
    starts = [point.sighting.start for point in points]
    highs = {member.sighting.start for member in group}
    if new_sighting is not None:
        highs = {
            high
            for high in highs
            if new_sighting.start <= high
            and (new_sighting.end is None or high <= new_sighting.end + span)
        }
    for high in sorted(highs):
        low = high - span
        members = [
            *points[bisect_left(starts, low) : bisect_right(starts, high)],
            *(
                period
                for period in periods
                if period.sighting.start <= high and _ends_after(period, low)
            ),
        ]
        until = _until(span, members)
        if until is None or until > clock:
            yield members, until


def _ends_after(member: WeightedSighting, moment: datetime) -> bool:
    return member.sighting.end is None or member.sighting.end >= moment


def _until(span: timedelta, members: Collection[WeightedSighting]) -> datetime | None:
    """Return when the window stops to matter or loses a warning; None while an alarm is on."""
    expiries = [member.sighting.end for member in members if member.sighting.is_from_agency]
    if expiries:
        return min(end for end in expiries if end is not None)
    ends = [member.sighting.end for member in members]
    if None in ends:
        return None
    return max(end for end in ends if end is not None) + span
