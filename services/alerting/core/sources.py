"""Corroboration 多源印证 as a rule: distinct sources, weighed by trust, near in time and place.

A sensor, a reporter, an agency is one source however often it speaks; `kinds` asks for that many
classes with a source of their own. Counted is the fullest window that still matters, whatever the
order of arrival: more evidence and more trust never make it less. A warning of an agency counts while
it is in force, and not a moment longer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from services.alerting.core.episode import Finding, Standing
from services.alerting.core.pool import UNIT, Pool, Sighting, Weighed, enough
from shared.contracts.conditions import CorroborationRule
from shared.contracts.fields import Position, highest_grade

_EARTH_M = 6_371_000.0
LOOKBACK = timedelta(hours=72)
"""Evidence that ended longer ago than this, beyond the rule's window, is not looked at any more."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A window that supports the rule. `until` is when time alone may change that; None: never."""

    weight: int
    until: datetime | None
    members: Sequence[Weighed]


def judge(pool: Pool, unit: str, clock: datetime, fresh: Sighting | None = None) -> Finding:
    """Whether the sightings of `unit` support the rule in a window that matters at `clock`.

    A window matters while an alarm of it is on, and for `window_s` after the last it has seen; with a
    warning in it, while the warning is in force. A warning to come is looked at when it takes effect.
    `fresh`: they did not before this sighting came, so only windows that contain it are looked at.
    """
    if not pool.possible:
        return Finding(None)
    body, known = pool.body, pool.counting(clock)
    window = _fullest(body, known, clock, fresh)
    if window is None:
        return Finding(None, _takes_effect(pool.ordered, clock))
    first = max(member.order for member in window.members)
    current = [one for one in known if not one.one.retrospective]
    doubtful = len(current) < len(known) and _fullest(body, current, clock) is None
    members = sorted(
        {(member.one.start, member.one.record_id) for member in window.members}, reverse=True
    )
    standing = Standing(
        level=body.level,
        metric="sources",
        value=window.weight / UNIT,
        limit=body.need,
        start=first[1],
        at=first[0],
        place=unit,
        references=tuple(record_id for _, record_id in members),
        window_s=body.window_s,
        retrospective=doubtful,
        synthetic=any(member.one.synthetic for member in window.members),
        grade=highest_grade(*(member.one.grade for member in window.members)),
    )
    return Finding(standing, window.until)


def _takes_effect(known: Iterable[Weighed], clock: datetime) -> datetime | None:
    """When the next warning that does not count yet takes effect."""
    to_come = (one.one.start for one in known if one.one.from_agency and one.one.start > clock)
    return min(to_come, default=None)


def metres(position: Position, other: Position) -> float:
    """Great-circle distance."""
    lat1, lat2 = radians(position.lat), radians(other.lat)
    half = sin((lat2 - lat1) / 2) ** 2
    half += cos(lat1) * cos(lat2) * sin(radians(other.lon - position.lon) / 2) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(half)))


def _fullest(
    body: CorroborationRule,
    known: Sequence[Weighed],
    clock: datetime,
    fresh: Sighting | None = None,
) -> _Window | None:
    """The heaviest of the windows that support the rule and matter; `until` over all of them."""
    best: _Window | None = None
    for group in _neighbours(body, known, fresh):
        if not enough(body, group):
            continue
        for members, until in _windows(body, group, clock, fresh):
            weight = enough(body, members)
            if weight:
                result = _Window(weight, until, members)
                best = result if best is None else _better(best, result)
    return best


def _better(window: _Window, other: _Window) -> _Window:
    until = None if window.until is None or other.until is None else max(window.until, other.until)
    heavier = other if other.weight > window.weight else window
    return _Window(heavier.weight, until, heavier.members)


def _neighbours(
    body: CorroborationRule, known: Sequence[Weighed], fresh: Sighting | None
) -> Iterator[Sequence[Weighed]]:
    """Groups that lie near one of their own; a source without a position lies in every group."""
    spots = {(one.lat, one.lon): one for one in (it.one.position for it in known) if one}
    if body.radius_m is None or not spots:
        yield known
        return
    for _, spot in sorted(spots.items()):
        if fresh is None or _is_near(body.radius_m, spot, fresh):
            yield [one for one in known if _is_near(body.radius_m, spot, one.one)]


def _is_near(radius_m: float, spot: Position, sighting: Sighting) -> bool:
    return sighting.position is None or metres(spot, sighting.position) <= radius_m


def _windows(
    body: CorroborationRule, group: Sequence[Weighed], clock: datetime, fresh: Sighting | None
) -> Iterator[tuple[Sequence[Weighed], datetime | None]]:
    """What each window contains that matters and ends where a sighting starts, and until when it does.

    These are enough: sliding such a window either way only loses members.
    """
    span = timedelta(seconds=body.window_s)
    points = [one for one in group if one.one.end == one.one.start]
    spells = [one for one in group if one.one.end != one.one.start]
    starts = [point.one.start for point in points]
    highs = {one.one.start for one in group}
    if fresh is not None:
        highs = {
            high
            for high in highs
            if fresh.start <= high and (fresh.end is None or high <= fresh.end + span)
        }
    for high in sorted(highs):
        low = high - span
        members = [
            *points[bisect_left(starts, low) : bisect_right(starts, high)],
            *(spell for spell in spells if spell.one.start <= high and _ends_after(spell, low)),
        ]
        until = _until(span, members)
        if until is None or until > clock:
            yield members, until


def _ends_after(weighed: Weighed, at: datetime) -> bool:
    return weighed.one.end is None or weighed.one.end >= at


def _until(span: timedelta, members: Collection[Weighed]) -> datetime | None:
    """When the window stops to matter or loses a warning; None while an alarm of it is on."""
    expiries = [member.one.end for member in members if member.one.from_agency]
    if expiries:
        return min(end for end in expiries if end is not None)
    ends = [member.one.end for member in members]
    if None in ends:
        return None
    return max(end for end in ends if end is not None) + span
