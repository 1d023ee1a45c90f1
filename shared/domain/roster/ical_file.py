"""A duty plan as iCalendar (RFC 5545): out goes who is on, turn by turn; in come single shifts.

Repeating events are refused: whoever repeats means a rotation, and a rotation has its own entry. A
zone that a file defines (VTIMEZONE) holds in that file only, and changes its clock by yearly rules.
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
from shared.domain.roster.turns import Turn

_POST, _OFFICER = "X-FENGHUO-POST", "X-FENGHUO-OFFICER"
_NAMES = {Post.B: "B岗", Post.A: "A岗", Post.COMMANDER: "指挥长"}
_REPEATS = ("RRULE", "RDATE", "EXDATE")
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


def read(raw: bytes) -> list[DutyRule]:
    """The shifts of a calendar; raises DutyFileError."""
    with _ZONES:
        return _read(raw)


def _read(raw: bytes) -> list[DutyRule]:
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
    duty_rules: list[DutyRule] = []
    for number, event in enumerate(events, 1):
        try:
            duty_rules.append(_shift(event))
        except ValidationError as error:
            problems += [
                f"event {number}, {'.'.join(map(str, problem['loc'])) or 'times'}: {problem['msg']}"
                for problem in error.errors()
            ]
        except ValueError as error:
            problems.append(f"event {number}: {error}")
    if problems:
        raise DutyFileError(problems)
    return duty_rules


def _shift(event: icalendar.Event) -> Shift:
    if any(name in event for name in _REPEATS):
        raise ValueError("repeating events cannot be taken: enter a rotation instead")
    begin, end = _moment(event, "dtstart"), _moment(event, "dtend")
    post, officer = event.get(_POST), event.get(_OFFICER)
    if post is None or officer is None:
        raise ValueError(f"{_POST} and {_OFFICER} say who is on where; one is missing")
    if str(post) not in set(Post):
        raise ValueError(f"{_POST} is one of {', '.join(Post)}")
    return Shift(post=Post(str(post)), officer_id=str(officer), begin=begin, end=end)


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
    """The time with its distance from UTC; raises ValueError."""
    moment = getattr(event.get(name), "dt", None)
    if not isinstance(moment, datetime):
        raise ValueError(f"{name.upper()} needs a time with a zone")
    try:
        distance = moment.utcoffset()
    except Exception:
        raise ValueError(f"{name.upper()}: its zone cannot be worked out") from None
    if distance is None:
        raise ValueError(f"{name.upper()} needs a time with a zone")
    return moment.replace(tzinfo=timezone(distance))
