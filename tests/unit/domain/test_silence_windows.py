"""The windows of weekly silences: days, hours past midnight, dates, and clocks that change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.duty import DayKind
from shared.contracts.silences import LONGEST_WINDOW, SilenceKind, WeeklyWindow
from shared.domain.silence_windows import Window, is_period, window_at

BEIJING, BERLIN = "Asia/Shanghai", "Europe/Berlin"
WEEKDAYS = tuple(DayKind)[:7]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SIRENS = WeeklyWindow(days=(DayKind.SATURDAY,), begin=time(10), until=time(10, 15))
NIGHTS = WeeklyWindow(days=(DayKind.FRIDAY,), begin=time(23), until=time(1))


def local(text: str, zone: str = BEIJING) -> datetime:
    """Return a moment of a wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


FROM, TO = local("2026-12-01 00:00"), local("2027-02-01 00:00")


@pytest.mark.parametrize(
    ("weekly", "at", "begin", "end"),
    [
        (SIRENS, "2026-12-02 12:00", "2026-12-05 10:00", "2026-12-05 10:15"),
        (SIRENS, "2026-12-05 10:00", "2026-12-05 10:00", "2026-12-05 10:15"),
        (SIRENS, "2026-12-05 10:14", "2026-12-05 10:00", "2026-12-05 10:15"),
        (SIRENS, "2026-12-05 10:15", "2026-12-12 10:00", "2026-12-12 10:15"),
        (NIGHTS, "2026-12-04 22:59", "2026-12-04 23:00", "2026-12-05 01:00"),
        (NIGHTS, "2026-12-05 00:59", "2026-12-04 23:00", "2026-12-05 01:00"),
        (NIGHTS, "2026-12-05 01:00", "2026-12-11 23:00", "2026-12-12 01:00"),
        (NIGHTS, "2020-01-01 00:00", "2026-12-04 23:00", "2026-12-05 01:00"),
    ],
)
def test_the_present_window_or_the_next(
    weekly: WeeklyWindow, at: str, begin: str, end: str
) -> None:
    assert window_at(weekly, FROM, TO, local(at)) == Window(local(begin), local(end))


def test_a_window_is_cut_by_the_first_and_the_last_moment() -> None:
    begin, end = local("2026-12-05 00:30"), local("2026-12-11 23:30")
    assert window_at(NIGHTS, begin, end, FROM) == Window(begin, local("2026-12-05 01:00"))
    late = window_at(NIGHTS, begin, end, local("2026-12-06 00:00"))
    assert late == Window(local("2026-12-11 23:00"), end)
    assert window_at(NIGHTS, begin, end, end) is None


def test_without_days_the_whole_time_is_one_window() -> None:
    assert window_at(None, FROM, TO, FROM - DAY) == Window(FROM, TO)
    assert window_at(None, FROM, TO, TO) is None


@pytest.mark.parametrize(
    ("at", "begin", "until", "utc", "hours"),
    [
        ("2027-03-27 12:00", time(10), time(11), "2027-03-28 08:00", 1.0),
        ("2027-03-20 12:00", time(10), time(11), "2027-03-21 09:00", 1.0),
        ("2027-03-27 12:00", time(2, 15), time(2, 45), "2027-03-28 01:15", 0.5),
        ("2027-03-27 12:00", time(1, 30), time(4), "2027-03-28 00:30", 1.5),
        ("2027-10-30 12:00", time(1, 30), time(4), "2027-10-30 23:30", 3.5),
    ],
    ids=["summer", "winter", "within the skipped hour", "over the skipped", "over the repeated"],
)
def test_the_wall_clock_holds_when_the_clocks_change(
    at: str, begin: time, until: time, utc: str, hours: float
) -> None:
    weekly = WeeklyWindow(days=(DayKind.SUNDAY,), begin=begin, until=until, zone=BERLIN)
    first, last = local("2027-01-01 00:00"), local("2028-01-01 00:00")
    window = window_at(weekly, first, last, local(at, BERLIN))
    assert window is not None
    assert window.begin == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert window.end - window.begin == hours * HOUR


days_of_week = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True)


@given(
    days=days_of_week,
    begin=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    minutes=st.integers(1, 12 * 60),
    hours=st.integers(0, 24 * 60),
    zone=st.sampled_from([BEIJING, BERLIN, "America/New_York", "Pacific/Kiritimati"]),
)
def test_windows_follow_each_other_and_are_those_of_the_wall_clock(
    days: list[DayKind], begin: time, minutes: int, hours: int, zone: str
) -> None:
    start = datetime.combine(FROM.date(), begin)
    until = (start + timedelta(minutes=minutes)).time()
    weekly = WeeklyWindow(days=tuple(days), begin=begin, until=until, zone=zone)
    at = FROM + hours * HOUR
    window = window_at(weekly, FROM, FROM + 183 * DAY, at)
    assert window is not None
    assert at < window.end
    assert window.begin < window.end <= window.begin + LONGEST_WINDOW + HOUR
    if window.begin > FROM:
        opening = window.begin.astimezone(ZoneInfo(zone))
        assert WEEKDAYS[opening.weekday()] in days or opening.hour != begin.hour
    following = window_at(weekly, FROM, FROM + 183 * DAY, window.end)
    assert following is not None
    assert window.end <= following.begin <= window.begin + 7 * DAY + HOUR
    between = window.end + (following.begin - window.end) / 2
    assert window_at(weekly, FROM, FROM + 183 * DAY, between) == following


@pytest.mark.parametrize(
    ("begin", "until", "days"),
    [
        (time(10), time(10), (DayKind.MONDAY,)),
        (time(10), time(22, 1), (DayKind.MONDAY,)),
        (time(22), time(10, 30), (DayKind.MONDAY,)),
        (time(10), time(11), ()),
        (time(10), time(11), (DayKind.HOLIDAY,)),
    ],
)
def test_windows_that_are_refused(begin: time, until: time, days: tuple[DayKind, ...]) -> None:
    with pytest.raises(ValueError, match=r"weekly|days|tuple"):
        WeeklyWindow(days=days, begin=begin, until=until)


@pytest.mark.parametrize(
    ("weekly", "begin", "end", "expected"),
    [
        (None, 0 * DAY, 1 * DAY, True),
        (None, 0 * DAY, 1 * DAY + HOUR, False),
        (SIRENS, 0 * DAY, 183 * DAY, True),
        (SIRENS, 0 * DAY, 184 * DAY, False),
        (SIRENS, 31 * DAY, 60 * DAY, False),
        (SIRENS, 0 * DAY, 1 * DAY, False),
        (SIRENS, 0 * DAY, -1 * DAY, False),
    ],
    ids=["once", "too long", "weekly", "over half a year", "too far", "no window", "backwards"],
)
def test_how_long_a_silence_may_last(
    weekly: WeeklyWindow | None, begin: timedelta, end: timedelta, expected: bool
) -> None:
    assert is_period(SilenceKind.SILENCE, weekly, FROM + begin, FROM + end, FROM) is expected
