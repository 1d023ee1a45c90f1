"""Seasons and hours of rules: over new year, over midnight, and where clocks are changed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts.seasons import (
    HourSpan,
    SeasonSpan,
    hours_problem,
    minute_of_day,
    month_day,
    season_problem,
)
from shared.domain.rule_calendar import RuleCalendar, calendar_of

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
NIGHT, WINTER = HourSpan(begin="22:00", end="06:00"), SeasonSpan(begin="11-01", end="03-31")
MOMENTS = st.integers(1_500_000_000, 1_900_000_000).map(float)
TIMES = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
DAYS = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: f"{day:%m-%d}")


def at(text: str, zone: str = SHANGHAI) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def test_hours_over_midnight() -> None:
    night = RuleCalendar((), (NIGHT,), SHANGHAI)
    inside = [at(text) for text in ("2026-07-01 22:00", "2026-07-02 00:00", "2026-07-02 05:59")]
    outside = [at(text) for text in ("2026-07-01 21:59", "2026-07-02 06:00", "2026-07-02 12:00")]
    assert all(map(night.contains, inside))
    assert not any(map(night.contains, outside))
    assert night.end_of(inside[0]) == night.end_of(inside[2]) == outside[1]
    assert night.begin_of(inside[2]) == inside[0]
    assert night.next_begin(outside[1]) == at("2026-07-02 22:00")


def test_a_season_over_new_year_has_both_its_days() -> None:
    winter = RuleCalendar((WINTER,), (), SHANGHAI)
    assert winter.contains(at("2026-11-01 00:00"))
    assert winter.contains(at("2027-03-31 23:59"))
    assert not winter.contains(at("2027-04-01 00:00"))
    assert winter.end_of(at("2026-12-31 12:00")) == at("2027-04-01 00:00")
    assert winter.next_begin(at("2026-07-01 00:00")) == at("2026-11-01 00:00")


def test_the_last_of_february() -> None:
    february = RuleCalendar((SeasonSpan(begin="02-01", end="02-29"),), (), SHANGHAI)
    assert february.end_of(at("2027-02-10 00:00")) == at("2027-03-01 00:00")
    assert february.end_of(at("2028-02-10 00:00")) == at("2028-03-01 00:00")


def test_both_have_to_hold() -> None:
    nights = RuleCalendar((WINTER,), (NIGHT,), SHANGHAI)
    assert not nights.contains(at("2026-10-31 23:00"))
    assert nights.contains(at("2026-11-01 00:00")), "the night in which the season begins"
    assert nights.next_begin(at("2026-10-31 23:00")) == at("2026-11-01 00:00")
    assert nights.next_begin(at("2026-04-01 00:00")) == at("2026-11-01 00:00")
    assert nights.end_of(at("2027-03-31 23:00")) == at("2027-04-01 00:00")


def test_spans_that_touch_are_one() -> None:
    spans = (HourSpan(begin="06:00", end="09:00"), HourSpan(begin="09:00", end="11:00"))
    assert RuleCalendar((), spans, SHANGHAI).end_of(at("2026-07-01 07:00")) == at(
        "2026-07-01 11:00"
    )


def test_a_wall_time_that_is_skipped_ends_a_span_once() -> None:
    until = RuleCalendar((), (HourSpan(begin="01:00", end="02:30"),), BERLIN)
    jump = at("2026-03-29 03:00", BERLIN)
    end = until.end_of(at("2026-03-29 01:10", BERLIN))
    assert end == jump + 1800
    assert until.contains(end - 1)
    assert not until.contains(end)


def test_a_rule_without_spans_has_no_calendar() -> None:
    assert calendar_of((), (), SHANGHAI) is None


@pytest.mark.parametrize("text", ["02-30", "13-01", "00-10", "04-31", "1-1"])
def test_no_day_of_a_year(text: str) -> None:
    with pytest.raises(ValidationError):
        SeasonSpan(begin=text, end="12-31")


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (hours_problem((NIGHT, HourSpan(begin="05:00", end="07:00"))), "hours overlap"),
        (hours_problem((HourSpan(begin="08:00", end="08:00"),)), "cover the complete day"),
        (hours_problem((NIGHT, HourSpan(begin="06:00", end="22:00"))), "cover the complete day"),
        (hours_problem((NIGHT,)), None),
        (season_problem((WINTER, SeasonSpan(begin="03-31", end="05-01"))), "seasons overlap"),
        (season_problem((SeasonSpan(begin="07-01", end="06-30"),)), "cover the complete year"),
        (season_problem((WINTER,)), None),
    ],
)
def test_spans_together(problem: str | None, words: str | None) -> None:
    assert (problem is None) is (words is None)
    assert words is None or words in (problem or "")


@given(MOMENTS, TIMES, TIMES)
def test_hours_are_those_of_the_wall_clock(moment: float, begin: str, end: str) -> None:
    if begin == end:
        return
    minute = datetime.fromtimestamp(moment, ZoneInfo(SHANGHAI))
    now, first, last = minute.hour * 60 + minute.minute, minute_of_day(begin), minute_of_day(end)
    expected = first <= now < last if first < last else now >= first or now < last
    calendar = RuleCalendar((), (HourSpan(begin=begin, end=end),), SHANGHAI)
    assert calendar.contains(moment) is expected


@given(MOMENTS, DAYS, DAYS)
def test_seasons_are_those_of_the_wall_calendar(moment: float, begin: str, end: str) -> None:
    day = datetime.fromtimestamp(moment, ZoneInfo(SHANGHAI))
    now, first, last = (day.month, day.day), month_day(begin), month_day(end)
    expected = first <= now <= last if first <= last else now >= first or now <= last
    assert (
        RuleCalendar((SeasonSpan(begin=begin, end=end),), (), SHANGHAI).contains(moment) is expected
    )


@given(MOMENTS, TIMES, TIMES, DAYS, DAYS, st.sampled_from((SHANGHAI, BERLIN)))
def test_a_span_ends_and_begins_where_it_says(
    moment: float, begin: str, end: str, first: str, last: str, zone: str
) -> None:
    if begin == end:
        return
    calendar = RuleCalendar(
        (SeasonSpan(begin=first, end=last),), (HourSpan(begin=begin, end=end),), zone
    )
    if calendar.contains(moment):
        over = calendar.end_of(moment)
        assert over > moment
        assert calendar.contains(over - 0.5)
        assert not calendar.contains(over)
        assert calendar.begin_of(moment) <= moment
        assert calendar.contains(calendar.begin_of(moment))
    else:
        begins = calendar.next_begin(moment)
        assert begins > moment
        assert calendar.contains(begins)
        assert not calendar.contains(begins - 0.5)
        assert begins - moment <= timedelta(days=4 * 366 + 2).total_seconds()
