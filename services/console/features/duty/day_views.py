"""The duty calendar of a unit, as JSON: the turns of each day, and the kind of the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.console.core.access import Viewer
from services.console.core.masking import DataClass, opens
from services.console.core.names import UnitNames
from shared.contracts.fields import Post, ResponseMode
from shared.domain.local_time import ZONE
from shared.domain.roster.day_calendar import DayCalendar
from shared.domain.roster.timeline import Plan, timeline
from shared.domain.roster.turns import Turn

_ZONE = ZoneInfo(ZONE)
_DAY = timedelta(days=1)
_MORNING = timedelta(hours=12)
"""A turn of the day before that ends by then is the end of a night, and stands there alone."""


def calendar_view(
    unit: str,
    plan: Plan,
    mode: ResponseMode,
    now: datetime,
    weeks: int,
    names: UnitNames,
    viewer: Viewer,
) -> dict[str, Any]:
    """Return the turns of each day of some weeks, from `now` to the end of the last day.

    Names are left out unless open to the viewer.
    """
    today = now.astimezone(_ZONE).date()
    days = [today + number * _DAY for number in range(7 * weeks)]
    begin, end = now, _midnight(days[-1] + _DAY).astimezone(UTC)
    turns = [(post, turn) for post in plan.posts for turn in timeline(plan, post, begin, end)]
    shows_names = opens(viewer, unit, DataClass.NAME)
    return {
        "unit": unit,
        "unit_name": names.unit(unit),
        "mode": mode,
        "begin": begin,
        "end": end,
        "posts": list(plan.posts),
        "days": [
            {
                **_day_view(day, plan.calendar),
                "slots": [
                    _slot_view(post, turn, plan, shows_names, viewer.officer_id)
                    for post, turn in _of_day(turns, day, plan)
                ],
            }
            for day in days
        ],
        "holidays_known": all(plan.calendar.knows(day.year) for day in days),
    }


def _of_day(turns: list[tuple[Post, Turn]], day: date, plan: Plan) -> Iterator[tuple[Post, Turn]]:
    """Yield the turns of a day, without the end of a night that began on the day before.

    A time without an officer is yielded on every day that it touches.
    """
    midnight = _midnight(day)
    for post, turn in turns:
        if turn.end <= midnight or turn.begin >= midnight + _DAY:
            continue
        is_filled = turn.officer_id in plan.members
        if not is_filled or turn.begin >= midnight or turn.end > midnight + _MORNING:
            yield post, turn


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _ZONE)


def _day_view(day: date, calendar: DayCalendar) -> dict[str, Any]:
    special = calendar.special(day)
    return {
        "day": day,
        "workday": calendar.is_workday(day),
        "holiday": special is not None and special.is_holiday,
        "zh": None if special is None else special.name.zh,
        "en": None if special is None else special.name.en,
    }


def _slot_view(
    post: Post, turn: Turn, plan: Plan, shows_names: bool, viewer_id: str
) -> dict[str, Any]:
    member = plan.members.get(turn.officer_id) if turn.officer_id is not None else None
    return {
        "post": post,
        "begin": turn.begin,
        "end": turn.end,
        "officer_id": member.officer.officer_id if member is not None else None,
        "name": member.officer.name if member is not None and shows_names else None,
        "own_turn": member is not None and turn.officer_id == viewer_id,
    }
