"""Turns of a rotation in local wall time: a change of daylight-saving time moves no handover.

A handover in the skipped hour happens at its end; a handover in the repeated hour happens the first
time (PEP 495, fold 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.contracts.duty import Rotation
from shared.domain.local_time import instant
from shared.domain.roster.day_calendar import ORDINARY_WEEKS, DayCalendar

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """`officer_id` is on duty from `begin` to `end` (None: the post is empty).

    `phone` is the telephone of the entry, which precedes that of the officer.
    """

    begin: datetime
    end: datetime
    officer_id: str | None
    phone: str | None = None


def turns(
    rotation: Rotation, begin: datetime, end: datetime, calendar: DayCalendar = ORDINARY_WEEKS
) -> Iterator[Turn]:
    """Yield the turns that overlap [begin, end), uncut, in order."""
    if rotation.days or rotation.until is not None:
        yield from _turns_of_days(rotation, begin, end, calendar)
        return
    number = max(0, _number_at(rotation, begin))
    while True:
        starts, ends = _edge(rotation, number), _edge(rotation, number + 1)
        last = _last_edge(rotation)
        if starts >= end or (last is not None and starts >= last):
            return
        ends = ends if last is None else min(ends, last)
        if ends > begin:
            member = rotation.members[number % len(rotation.members)]
            yield Turn(starts, ends, member, rotation.phone)
        number += 1


def _turns_of_days(
    rotation: Rotation, begin: datetime, end: datetime, calendar: DayCalendar
) -> Iterator[Turn]:
    """Yield the turns of a rotation whose days are counted one by one."""
    zone, last = ZoneInfo(rotation.zone), _last_edge(rotation)
    day = max(rotation.starts, begin.astimezone(zone).date() - 2 * _DAY)
    number = calendar.count(rotation.days, rotation.starts, day)
    parts = 24 // rotation.turn_hours if rotation.turn_hours is not None else 1
    while day <= end.astimezone(zone).date() and (rotation.ends is None or day < rotation.ends):
        if calendar.matches(day, rotation.days):
            for part in range(parts):
                starts, ends = _edges_of_day(rotation, day, part)
                ends = ends if last is None else min(ends, last)
                if starts < end and ends > begin and starts < ends:
                    turn = (number * parts + part) // rotation.turn_days
                    member = rotation.members[turn % len(rotation.members)]
                    yield Turn(starts, ends, member, rotation.phone)
            number += 1
        day += _DAY


def _edges_of_day(rotation: Rotation, day: date, part: int) -> tuple[datetime, datetime]:
    """Return begin and end of a part of a day's turn."""
    wall = datetime.combine(day, rotation.handover)
    if rotation.turn_hours is not None:
        hours = timedelta(hours=rotation.turn_hours)
        begin, end = wall + part * hours, wall + (part + 1) * hours
    elif rotation.until is not None:
        begin, end = wall, datetime.combine(day, rotation.until)
        end += timedelta(0) if end > begin else _DAY
    else:
        begin, end = wall, wall + _DAY
    return instant(begin, rotation.zone), instant(end, rotation.zone)


def _number_at(rotation: Rotation, at: datetime) -> int:
    """Return a turn at or shortly before `at`: no zone jumps by the margin of two days."""
    elapsed = at.astimezone(ZoneInfo(rotation.zone)).date() - rotation.starts
    per_day = 24 // rotation.turn_hours if rotation.turn_hours is not None else 1
    return (elapsed.days - 2) * per_day // rotation.turn_days - 1


def _edge(rotation: Rotation, number: int) -> datetime:
    """Return the begin of turn `number`."""
    if rotation.turn_hours is None:
        days, hours = number * rotation.turn_days, 0
    else:
        days, part = divmod(number, 24 // rotation.turn_hours)
        hours = part * rotation.turn_hours
    wall = datetime.combine(rotation.starts, rotation.handover) + timedelta(days=days, hours=hours)
    return instant(wall, rotation.zone)


def _last_edge(rotation: Rotation) -> datetime | None:
    if rotation.ends is None:
        return None
    return instant(datetime.combine(rotation.ends, rotation.handover), rotation.zone)
