"""The windows of silences: one from begin to end, or one on each of some days of the week."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.contracts.duty import DayKind
from shared.contracts.silences import AHEAD, LONGEST, LONGEST_WEEKLY, SilenceKind, WeeklyWindow
from shared.domain.local_time import instant

_DAY = timedelta(days=1)
_DAYS = tuple(DayKind)[:7]
_DAYS_AROUND = 9
"""Yesterday, whose window may last past midnight, and a week from today."""


class Window(NamedTuple):
    """A time in which a silence hides alarms; half-open."""

    begin: datetime
    end: datetime

    def contains(self, at: datetime) -> bool:
        """Return whether the window is open at this moment."""
        return self.begin <= at < self.end


def is_period(
    kind: SilenceKind, weekly: WeeklyWindow | None, begin: datetime, end: datetime, now: datetime
) -> bool:
    """Return whether a silence may hold from `begin`, or from now if now is later, to `end`.

    Alerting decides by this function; the console asks it before it answers 202.
    """
    starts = max(begin, now)
    longest = LONGEST[kind] if weekly is None else LONGEST_WEEKLY
    fits = starts < end <= starts + longest and starts <= now + AHEAD
    return fits and window_at(weekly, starts, end, starts) is not None


def window_at(
    weekly: WeeklyWindow | None, begin_at: datetime, end_at: datetime, at: datetime
) -> Window | None:
    """Return the window of a silence that is open at a moment, or the next; None after the last.

    A weekly window that reaches beyond the period of the silence is cut.
    """
    if weekly is None:
        return Window(begin_at, end_at) if at < end_at else None
    earliest = max(at, begin_at)
    first = earliest.astimezone(ZoneInfo(weekly.zone)).date() - _DAY
    for number in range(_DAYS_AROUND):
        day = first + number * _DAY
        if _DAYS[day.weekday()] not in weekly.days:
            continue
        begin = datetime.combine(day, weekly.begin)
        end = datetime.combine(day, weekly.until)
        if end <= begin:
            end += _DAY
        window = Window(
            max(instant(begin, weekly.zone), begin_at), min(instant(end, weekly.zone), end_at)
        )
        if window.begin < window.end and earliest < window.end:
            return window
    return None
