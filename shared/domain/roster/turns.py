"""Turns of a rotation: local wall time, so a change to or from daylight-saving time moves no handover.

A handover that falls into the hour that is skipped happens when the hour is over; one that falls into
the hour that comes twice happens the first time (PEP 495, fold 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.contracts.duty import Rotation


@dataclass(frozen=True, slots=True)
class Turn:
    """`officer_id` is on from `begin` to `end` (None: nobody is)."""

    begin: datetime
    end: datetime
    officer_id: str | None


def turns(rotation: Rotation, begin: datetime, end: datetime) -> Iterator[Turn]:
    """The turns that touch [begin, end), whole, in order."""
    number = max(0, _number_at(rotation, begin))
    while True:
        starts, ends = _edge(rotation, number), _edge(rotation, number + 1)
        last = _last_edge(rotation)
        if starts >= end or (last is not None and starts >= last):
            return
        ends = ends if last is None else min(ends, last)
        if ends > begin:
            member = rotation.members[number % len(rotation.members)]
            yield Turn(starts, ends, member)
        number += 1


def _number_at(rotation: Rotation, at: datetime) -> int:
    """A turn at or shortly before `at`: two days of margin are more than any zone's jump."""
    elapsed = at.astimezone(ZoneInfo(rotation.zone)).date() - rotation.starts
    per_day = 24 // rotation.turn_hours if rotation.turn_hours is not None else 1
    return (elapsed.days - 2) * per_day // rotation.turn_days - 1


def _edge(rotation: Rotation, number: int) -> datetime:
    """When turn `number` begins."""
    if rotation.turn_hours is None:
        days, hours = number * rotation.turn_days, 0
    else:
        days, part = divmod(number, 24 // rotation.turn_hours)
        hours = part * rotation.turn_hours
    wall = datetime.combine(rotation.starts, rotation.handover) + timedelta(days=days, hours=hours)
    return _instant(wall, rotation.zone)


def _last_edge(rotation: Rotation) -> datetime | None:
    if rotation.ends is None:
        return None
    return _instant(datetime.combine(rotation.ends, rotation.handover), rotation.zone)


def _instant(wall: datetime, zone: str) -> datetime:
    """The moment of a wall time; one that is skipped is read with the offset before the jump, which
    names the same moment as the wall time just as far behind the jump."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
