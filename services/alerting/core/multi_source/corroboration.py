"""Corroboration rules 多源印证: distinct sources, weighted by trust, near in time and place.

A sensor, a reporter or an agency is one source, however often it speaks; `kinds` requires that many
classes with a source of their own. The fullest window that matters is counted, for any order of
arrival: more evidence and more trust never lower the result. The warning of an agency counts
exactly while it is in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import compress, groupby

from services.alerting.core.multi_source.episode import RuleEvaluation, RuleResult
from services.alerting.core.multi_source.source_pool import (
    MILLION,
    Sighting,
    SourcePool,
    SourceWeights,
    WeightedSighting,
)
from services.alerting.core.multi_source.work_limit import Spend, spend_freely
from shared.contracts.conditions import CorroborationRule
from shared.contracts.fields import Position, highest_grade
from shared.domain.geofences import metres

_DEGREE_M = 111_000
"""A degree of latitude is not shorter, in metres."""
LOOKBACK = timedelta(hours=72)
"""Evidence that ended longer ago than this, beyond the window of the rule, is not loaded."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A satisfying window over `group` with its end at `high`.

    Time alone ends the window at `until` (None: never).
    """

    weight: int
    until: datetime | None
    group: Sequence[WeightedSighting]
    high: datetime

    def sightings(self, span: timedelta) -> list[Sighting]:
        """Return the sightings in the window, which is this long."""
        low = self.high - span
        sightings = (member.sighting for member in self.group)
        return [item for item in sightings if item.start <= self.high and _ends_after(item, low)]


def evaluate_corroboration(
    pool: SourcePool,
    unit: str,
    clock: datetime,
    new_sighting: Sighting | None = None,
    spend: Spend = spend_freely,
) -> RuleEvaluation:
    """Evaluate the rule over the sightings of `unit` at `clock`.

    A window matters while an alarm of the window is on, and for `window_s` after the last sighting;
    a window with a warning matters while the warning is in force. A later warning is evaluated at
    its begin. `new_sighting`: the rule did not hold before the sighting; only windows with the
    sighting are examined. `spend` may raise RuleTooCostly.
    """
    if not pool.can_hold:
        return RuleEvaluation(None)
    rule, counted = pool.rule, pool.counted_at(clock)
    window = _fullest(rule, counted, clock, spend, new_sighting)
    if window is None:
        return RuleEvaluation(None, _next_warning(pool.ordered, clock))
    sightings = window.sightings(timedelta(seconds=rule.window_s))
    started_at, start_event_id = max((item.start, item.sighting_id) for item in sightings)
    current = [member for member in counted if not member.sighting.retrospective]
    doubtful = len(current) < len(counted) and _fullest(rule, current, clock, spend) is None
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


def _fullest(
    rule: CorroborationRule,
    members: Sequence[WeightedSighting],
    clock: datetime,
    spend: Spend,
    new_sighting: Sighting | None = None,
) -> _Window | None:
    """Return the heaviest satisfying window; `until` is the latest of all windows."""
    heaviest: _Window | None = None
    untils: set[datetime | None] = set()
    for group in _neighbours(rule, members, new_sighting, spend):
        spend(len(group))
        for window in _windows(rule, group, clock, new_sighting):
            untils.add(window.until)
            if heaviest is None or window.weight > heaviest.weight:
                heaviest = window
    if heaviest is None:
        return None
    return replace(heaviest, until=None if None in untils else max(filter(None, untils)))


def _neighbours(
    rule: CorroborationRule,
    members: Sequence[WeightedSighting],
    new_sighting: Sighting | None,
    spend: Spend,
) -> Iterator[Sequence[WeightedSighting]]:
    """Yield groups near a member, each group once; a source without a position is in all groups."""
    positions = [member.sighting.position for member in members]
    spots = {(spot.lat, spot.lon): spot for spot in positions if spot is not None}
    if rule.radius_m is None or not spots:
        yield members
        return
    groups: set[bytes] = set()
    for _, spot in sorted(spots.items()):
        if new_sighting is not None and not _is_near(rule.radius_m, spot, new_sighting.position):
            continue
        spend(len(spots) + len(positions))
        near = {place: _is_near(rule.radius_m, spot, at) for place, at in spots.items()}
        selectors = bytes(at is None or near[at.lat, at.lon] for at in positions)
        if selectors not in groups:
            groups.add(selectors)
            yield list(compress(members, selectors))


def _is_near(radius_m: float, spot: Position, position: Position | None) -> bool:
    if position is None:
        return True
    if abs(spot.lat - position.lat) * _DEGREE_M > radius_m:
        return False
    return metres(spot, position) <= radius_m


def _windows(
    rule: CorroborationRule,
    group: Sequence[WeightedSighting],
    clock: datetime,
    new_sighting: Sighting | None,
) -> Iterator[_Window]:
    """Yield the satisfying windows with their end at the start of a sighting.

    These windows are enough: moving a window either way only loses members. The sightings enter and
    leave in the order of time, so a window costs only the difference to the previous window.
    """
    span = timedelta(seconds=rule.window_s)
    weights = SourceWeights(rule)
    ends: list[tuple[datetime, str, WeightedSighting]] = []
    warning_ends: list[datetime] = []
    latest_end = datetime.min.replace(tzinfo=UTC)
    is_endless = False
    for high, entering in groupby(group, key=lambda member: member.sighting.start):
        for member in entering:
            weights.add(member)
            end = member.sighting.end
            if end is None:
                is_endless = True
                continue
            latest_end = max(latest_end, end)
            heappush(ends, (end, member.sighting.sighting_id, member))
            if member.sighting.is_from_agency:
                heappush(warning_ends, end)
        low = high - span
        while ends and ends[0][0] < low:
            weights.remove(heappop(ends)[2])
        while warning_ends and warning_ends[0] < low:
            heappop(warning_ends)
        if new_sighting is not None and not (
            new_sighting.start <= high and _ends_after(new_sighting, low)
        ):
            continue
        weight = weights.weight
        if not weight:
            continue
        # The window stops to matter, or loses a warning; never while an alarm is on.
        until = None if is_endless else latest_end + span
        if warning_ends:
            until = warning_ends[0]
        if until is None or until > clock:
            yield _Window(weight, until, group, high)


def _ends_after(sighting: Sighting, moment: datetime) -> bool:
    return sighting.end is None or sighting.end >= moment
