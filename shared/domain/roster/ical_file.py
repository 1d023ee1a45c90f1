"""A duty plan as iCalendar (RFC 5545): out goes who is on, turn by turn; in come single shifts.

A repeating event becomes one shift for each repeat of the coming year (recurrence.py); a changed
repeat (RECURRENCE-ID) replaces its own. A zone that a file defines (VTIMEZONE) holds in that file
only, and changes its clock by yearly rules.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

import icalendar
from icalendar.timezone import tzp
from pydantic import ValidationError

from shared.contracts.duty import DutyRule, Shift
from shared.contracts.fields import Post
from shared.contracts.ids import content_id
from shared.domain.roster.errors import MOST_ENTRIES, DutyFileError
from shared.domain.roster.recurrence import repeats
from shared.domain.roster.turns import Turn

_POST, _OFFICER = "X-FENGHUO-POST", "X-FENGHUO-OFFICER"
_NAMES = {Post.B: "B岗", Post.A: "A岗", Post.COMMANDER: "指挥长"}
_MOST_REPEATING = 200
"""The most repeating events of one file."""
_Repeat = tuple[str, datetime]
"""The UID of an event and the planned begin of one of its repeats."""
_YEARLY_PARTS = {"FREQ", "UNTIL", "COUNT", "WKST", "BYMONTH", "BYDAY", "BYMONTHDAY"}
"""Parts of a recurrence rule (RFC 5545, 3.3.10) that a yearly change of the clock needs."""
_ZONES = threading.Lock()
"""icalendar keeps the zones of every file it reads, by name, for the life of the process: files are
read in turn, and each begins without the zones of the one before.
"""
_MOST_CHANGES = 64
"""The most single changes of its clock that a zone may list."""


def write(
    unit: str,
    unit_name: str,
    timelines: Mapping[Post, Iterable[Turn]],
    names: Mapping[str, str],
    now: datetime,
) -> bytes:
    """Return the turns of each post of a unit; `names` are the officers' names by id."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Fenghuo//duty//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{unit_name} 值班")
    for post, turns in timelines.items():
        for turn in turns:
            if turn.officer_id is None:
                continue
            event = icalendar.Event()
            event.add(
                "uid", content_id("duty", unit, post, turn.begin.isoformat(), turn.officer_id)
            )
            event.add("dtstamp", now)
            event.add("dtstart", turn.begin)
            event.add("dtend", turn.end)
            name = names.get(turn.officer_id, turn.officer_id)
            event.add("summary", f"{_NAMES[post]} {name}")
            event.add(_POST, post.value)
            event.add(_OFFICER, turn.officer_id)
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def read(raw: bytes, now: datetime) -> list[DutyRule]:
    """The shifts of a calendar, repeats from `now` on; raises DutyFileError."""
    with _ZONES:
        return _read(raw, now)


def _read(raw: bytes, now: datetime) -> list[DutyRule]:
    tzp.use_default()
    try:
        calendar = icalendar.Calendar.from_ical(raw)
    except Exception as error:
        raise DutyFileError([f"not a calendar: {str(error)[:200]}"]) from None
    problems = [text for zone in calendar.walk("VTIMEZONE") for text in _problems_of_zone(zone)]
    if problems:
        raise DutyFileError(problems)
    events = [
        component for component in calendar.walk("VEVENT") if isinstance(component, icalendar.Event)
    ]
    if len(events) > MOST_ENTRIES:
        raise DutyFileError([f"more than {MOST_ENTRIES} events"])
    if sum("RRULE" in event for event in events) > _MOST_REPEATING:
        raise DutyFileError([f"more than {_MOST_REPEATING} repeating events"])
    duty_rules: list[DutyRule] = []
    replaced = {repeat for event in events if (repeat := _replaced(event)) is not None}
    for number, event in enumerate(events, 1):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        try:
            duty_rules += _shifts(event, replaced, now)
            if len(duty_rules) > MOST_ENTRIES:
                raise DutyFileError([f"more than {MOST_ENTRIES} shifts"])
        except ValidationError as error:
            problems += [
                f"event {number}, {'.'.join(map(str, problem['loc'])) or 'times'}: {problem['msg']}"
                for problem in error.errors()
            ]
        except DutyFileError:
            raise
        except (ValueError, OverflowError) as error:
            problems.append(f"event {number}: {error}")
    if problems:
        raise DutyFileError(problems)
    return duty_rules


def _replaced(event: icalendar.Event) -> _Repeat | None:
    """Return the repeat that an event replaces, None for an event of its own."""
    moment = getattr(event.get("RECURRENCE-ID"), "dt", None)
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return None
    try:
        return str(event.get("UID", "")), _fixed(moment)
    except ValueError:
        return None


def _shifts(event: icalendar.Event, replaced: set[_Repeat], now: datetime) -> list[Shift]:
    begin, end = _moment(event, "dtstart"), _moment(event, "dtend")
    post, officer = event.get(_POST), event.get(_OFFICER)
    if post is None or officer is None:
        raise ValueError(f"{_POST} and {_OFFICER} say who is on where; one is missing")
    if str(post) not in set(Post):
        raise ValueError(f"{_POST} is one of {', '.join(Post)}")
    uid, own = str(event.get("UID", "")), "RECURRENCE-ID" in event
    length = _fixed(end) - _fixed(begin)
    starts = [_fixed(moment) for moment in repeats(event, begin, now)]
    return [
        Shift(post=Post(str(post)), officer_id=str(officer), begin=start, end=start + length)
        for start in starts
        if (own or (uid, start) not in replaced) and ("RRULE" not in event or start + length > now)
    ]


def _problems_of_zone(zone: icalendar.cal.Component) -> list[str]:
    """Return the problems of a zone that is not a short list of yearly changes."""
    name = str(zone.get("TZID", ""))[:100]
    changes = [part for part in zone.walk() if part.name in ("STANDARD", "DAYLIGHT")]
    dates = 0
    for change in changes:
        rule = change.get("RRULE", {})
        dates += sum(len(entry.dts) for entry in _list_of(change.get("RDATE")))
        if (
            "EXRULE" in change
            or isinstance(rule, list)
            or not {*map(str.upper, rule)} <= _YEARLY_PARTS
        ):
            return [f"zone {name}: its clock may change by one yearly rule, without times of day"]
        if rule and [str(value).upper() for value in rule.get("FREQ", ())] != ["YEARLY"]:
            return [f"zone {name}: its clock may change yearly, not more often"]
    if len(changes) + dates > _MOST_CHANGES:
        return [f"zone {name}: more than {_MOST_CHANGES} changes of its clock"]
    return []


def _list_of(value: Any) -> list[icalendar.prop.vDDDLists]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _moment(event: icalendar.Event, name: str) -> datetime:
    """The time in its zone; raises ValueError."""
    moment = getattr(event.get(name), "dt", None)
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError(f"{name.upper()} needs a time with a zone")
    _fixed(moment)
    return moment


def _fixed(moment: datetime) -> datetime:
    """Return the time with its distance from UTC; raises ValueError."""
    try:
        distance = moment.utcoffset()
    except Exception:
        distance = None
    if distance is None:
        raise ValueError("the zone of a time cannot be worked out")
    return moment.replace(tzinfo=timezone(distance))
