"""Times as people write them: on the wall clock of the place, not in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.domain.bilingual import Bilingual

ZONE = "Asia/Shanghai"
"""Beijing time, unless a deployment says otherwise."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FAR = timedelta(days=180)
"""From here on the year is written too."""


def spoken(at: datetime, zone: ZoneInfo, now: datetime) -> Bilingual:
    """`12月2日 12:56` and `2 Dec 12:56`, with the year when it is far from `now`."""
    local = at.astimezone(zone)
    clock = f"{local:%H:%M}"
    zh, en = f"{local.month}月{local.day}日", f"{local.day} {_MONTHS[local.month - 1]}"
    if abs(at - now) >= _FAR:
        zh, en = f"{local.year}年{zh}", f"{en} {local.year}"
    return Bilingual(f"{zh} {clock}", f"{en} {clock}")


def until(begin: datetime, end: datetime, zone: ZoneInfo, now: datetime) -> Bilingual:
    """From one moment to another."""
    first, last = spoken(begin, zone, now), spoken(end, zone, now)
    return Bilingual(f"{first.zh} 至 {last.zh}", f"{first.en} to {last.en}")


def instant(wall: datetime, zone: str) -> datetime:
    """Return the moment of a wall time; a skipped wall time uses the offset before the jump.

    This moment is the same as that of the wall time equally far behind the jump.
    """
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
