"""Repeating events of calendars (RFC 5545): daily, weekly and monthly rules, within a bounded time.

Repeats keep their local time when clocks change, as a rotation does. A rule without an end is read
up to the end of the window; an older one begins no more than ten years before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice

import icalendar
from dateutil.rrule import rrulestr

WINDOW = timedelta(days=366)
"""So far ahead repeats are read."""
_OLDEST = timedelta(days=3_660)
_PARTS = {"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYDAY", "BYMONTHDAY", "WKST"}
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY")
_MOST_VALUES = 31
_DAY_END = time(23, 59, 59)


def repeats(event: icalendar.Event, begin: datetime, now: datetime) -> Iterator[datetime]:
    """Yield the begins of an event up to a year after `now`, in the zone of `begin`.

    An event that does not repeat yields its begin. Raises ValueError for a rule outside the bounds.
    """
    rule = event.get("RRULE")
    if "RDATE" in event or "EXRULE" in event or isinstance(rule, list):
        raise ValueError("an event repeats by one RRULE with EXDATE, without RDATE and EXRULE")
    if rule is None:
        yield begin
        return
    if begin < now - _OLDEST:
        raise ValueError("a repeating event begins at most ten years ago")
    wall, count, until = _checked(rule, begin)
    horizon = _wall(now + WINDOW, begin)
    ends = horizon if until is None else min(until, horizon)
    dates = rrulestr(wall, dtstart=begin.replace(tzinfo=None)).replace(until=ends)
    skipped_moments, skipped_days = _exceptions(event, begin)
    for moment in islice(dates, count):
        if moment not in skipped_moments and moment.date() not in skipped_days:
            yield moment.replace(tzinfo=begin.tzinfo)


def _checked(
    rule: icalendar.prop.vRecur, begin: datetime
) -> tuple[str, int | None, datetime | None]:
    """Return the rule without its ends, the number of repeats, and the last moment."""
    parts = {str(name).upper(): values for name, values in rule.items()}
    if unknown := sorted(set(parts) - _PARTS):
        raise ValueError(f"RRULE: {', '.join(unknown)[:80]} is not supported")
    if [str(value).upper() for value in parts.get("FREQ", ())] not in [[f] for f in _FREQUENCIES]:
        raise ValueError(f"RRULE: FREQ is one of {', '.join(_FREQUENCIES)}")
    if any(len(values) > _MOST_VALUES for values in parts.values()):
        raise ValueError(f"RRULE: a part has at most {_MOST_VALUES} values")
    if any(value < 1 for value in parts.get("INTERVAL", ())):
        raise ValueError("RRULE: INTERVAL is at least 1")
    counts, untils = parts.pop("COUNT", [None]), parts.pop("UNTIL", [None])
    wall = icalendar.prop.vRecur(parts).to_ical().decode()  # type: ignore[no-untyped-call]
    return wall, counts[0], None if untils[0] is None else _last_wall(untils[0], begin)


def _last_wall(until: date, begin: datetime) -> datetime:
    return _wall(until, begin) if isinstance(until, datetime) else datetime.combine(until, _DAY_END)


def _wall(moment: datetime, begin: datetime) -> datetime:
    """Return the local time of a moment in the zone of the event."""
    local = moment if moment.tzinfo is None else moment.astimezone(begin.tzinfo)
    return local.replace(tzinfo=None)


def _exceptions(event: icalendar.Event, begin: datetime) -> tuple[set[datetime], set[date]]:
    """Return the moments and the days on which the event is left out."""
    lists = event.get("EXDATE", [])
    moments: set[datetime] = set()
    days: set[date] = set()
    for entry in lists if isinstance(lists, list) else [lists]:
        for item in entry.dts:
            if isinstance(item.dt, datetime):
                moments.add(_wall(item.dt, begin))
            else:
                days.add(item.dt)
    return moments, days
