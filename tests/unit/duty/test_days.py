"""Days of a duty plan: weekdays, holidays with days of work at weekends, hours, telephones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.duty.core.coverage import evaluate
from shared.contracts.duty import DayKind, DutyRule, Override, Rotation, Shift, Swap
from shared.contracts.fields import Post, ResponseMode
from shared.domain.bilingual import Bilingual
from shared.domain.roster import csv_file
from shared.domain.roster.day_calendar import (
    ORDINARY_WEEKS,
    CalendarFileError,
    DayCalendar,
    SpecialDay,
    read,
)
from shared.domain.roster.timeline import holder, plan_of, timeline
from shared.domain.roster.turns import turns
from shared.runtime.day_calendars import CHINA
from tests.unit.duty.plans import TOWN, a_member, a_rotation, an_entry

DAY = timedelta(days=1)
CALENDAR = read(CHINA.read_text(encoding="utf-8"))
WORKDAY, REST_DAY, HOLIDAY = DayKind.WORKDAY, DayKind.REST_DAY, DayKind.HOLIDAY


def noon(day: str) -> datetime:
    """Noon of a day in Chongqing."""
    return datetime.fromisoformat(f"{day}T12:00:00+08:00")


def on(day: str, *rules: DutyRule, calendar: DayCalendar = CALENDAR) -> str | None:
    plan = plan_of([an_entry(rule) for rule in rules], calendar=calendar)
    return holder(plan, Post.B, noon(day))


def span_of_days(first: str, last: str) -> list[date]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + number * DAY for number in range((end - begin).days + 1)]


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("2026-01-01", "2026-01-03", "元旦"),
        ("2026-02-15", "2026-02-23", "春节"),
        ("2026-04-04", "2026-04-06", "清明节"),
        ("2026-05-01", "2026-05-05", "劳动节"),
        ("2026-06-19", "2026-06-21", "端午节"),
        ("2026-09-25", "2026-09-27", "中秋节"),
        ("2026-10-01", "2026-10-07", "国庆节"),
    ],
)
def test_the_holidays_of_2026_are_those_of_the_state_council(
    first: str, last: str, name: str
) -> None:
    for day in span_of_days(first, last):
        special = CALENDAR.special(day)
        assert special is not None
        assert (special.is_holiday, special.name.zh) == (True, name)
        assert not CALENDAR.is_workday(day)
    for day in (date.fromisoformat(first) - DAY, date.fromisoformat(last) + DAY):
        special = CALENDAR.special(day)
        assert special is None or not special.is_holiday, f"{name} is no longer than that"


def test_the_days_of_work_at_weekends_of_2026() -> None:
    days = span_of_days("2026-01-01", "2026-12-31")
    worked = [f"{day:%m-%d}" for day in days if day.weekday() >= 5 and CALENDAR.is_workday(day)]
    assert worked == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert sum(CALENDAR.matches(day, (HOLIDAY,)) for day in days) == 33
    assert (CALENDAR.knows(2026), CALENDAR.knows(2027)) == (True, False)


def test_working_days_days_of_rest_and_holidays_have_rosters_of_their_own() -> None:
    rules = (
        a_rotation("wu", starts=date(2026, 1, 1), days=(WORKDAY,)),
        a_rotation("li", starts=date(2026, 1, 1), days=(REST_DAY,)),
        a_rotation("boss", starts=date(2026, 1, 1), days=(HOLIDAY,)),
    )
    expected = {
        "2026-09-18": "wu",
        "2026-09-19": "li",
        "2026-09-20": "wu",
        "2026-09-30": "wu",
        "2026-10-01": "boss",
        "2026-10-07": "boss",
        "2026-10-10": "wu",
        "2026-10-11": "li",
    }
    assert {day: on(day, *rules) for day in expected} == expected
    # An office whose calendar has no year 2026 has ordinary weeks.
    assert on("2026-10-01", *rules, calendar=ORDINARY_WEEKS) == "wu"


def test_only_the_days_of_the_rotation_are_counted() -> None:
    weekends = a_rotation(
        "li", "ma", "wu", starts=date(2026, 7, 1), days=(DayKind.SATURDAY, DayKind.SUNDAY)
    )
    days = ("2026-07-03", "2026-07-04", "2026-07-05", "2026-07-06", "2026-07-11", "2026-07-12")
    assert [on(day, weekends) for day in days] == [None, "li", "ma", None, "wu", "li"]
    pairs = weekends.model_copy(update={"turn_days": 2})
    assert [on(day, pairs) for day in days] == [None, "li", "li", None, "ma", "ma"]


def test_a_day_of_hours_ends_in_the_evening_and_the_night_belongs_to_its_evening() -> None:
    plan = plan_of(
        [
            an_entry(a_rotation("wu", handover=time(8, 30), until=time(17, 30), days=(WORKDAY,))),
            an_entry(a_rotation("li", handover=time(22), until=time(6), days=(DayKind.FRIDAY,))),
        ],
        calendar=CALENDAR,
    )
    begin = datetime.fromisoformat("2026-07-03T00:00:00+08:00")
    turns_of_friday = [
        (f"{turn.begin.astimezone(begin.tzinfo):%d %H:%M}", turn.officer_id)
        for turn in timeline(plan, Post.B, begin, begin + 2 * DAY)
    ]
    assert turns_of_friday == [
        ("03 00:00", None),
        ("03 08:30", "wu"),
        ("03 17:30", None),
        ("03 22:00", "li"),
        ("04 06:00", None),
    ]


def test_an_end_of_the_day_and_turns_of_hours_contradict_each_other() -> None:
    with pytest.raises(ValidationError, match="not both"):
        a_rotation("li", until=time(17), turn_hours=8)


special_days = st.dictionaries(
    st.dates(date(2026, 1, 1), date(2026, 3, 31)), st.booleans(), max_size=20
).map(
    lambda days: DayCalendar(
        (day, SpecialDay(off, Bilingual("节", "day"))) for day, off in days.items()
    )
)
kinds = st.lists(st.sampled_from(DayKind), max_size=4, unique=True).map(tuple)
january = st.dates(date(2025, 12, 1), date(2026, 5, 1))


@given(special_days, kinds, january, st.integers(0, 120))
def test_days_are_counted_as_if_one_by_one(
    calendar: DayCalendar, of_kinds: tuple[DayKind, ...], first: date, length: int
) -> None:
    counted = sum(calendar.matches(first + n * DAY, of_kinds) for n in range(length))
    assert calendar.count(of_kinds, first, first + length * DAY) == counted


@given(
    special_days,
    kinds,
    st.sampled_from([None, 6, 8, 12]),
    st.sampled_from([None, time(7), time(18)]),
    st.integers(1, 3),
    st.integers(-200, 2_000),
    st.integers(1, 300),
)
def test_a_part_of_a_rotation_of_days_equals_that_part_of_the_whole(
    calendar: DayCalendar,
    of_kinds: tuple[DayKind, ...],
    turn_hours: int | None,
    until: time | None,
    turn_days: int,
    first: int,
    length: int,
) -> None:
    rotation = a_rotation(
        "li",
        "ma",
        "wu",
        starts=date(2026, 1, 3),
        days=of_kinds,
        turn_hours=turn_hours,
        until=None if turn_hours else until,
        turn_days=1 if turn_hours else turn_days,
    )
    start = datetime(2026, 1, 1, tzinfo=UTC)
    begin = start + timedelta(hours=first)
    end = begin + timedelta(hours=length)
    all_turns = list(turns(rotation, start - 40 * DAY, start + 200 * DAY, calendar))
    part = [turn for turn in all_turns if turn.end > begin and turn.begin < end]
    assert list(turns(rotation, begin, end, calendar)) == part


def test_a_rotation_of_days_without_holidays_is_the_rotation_of_all_days() -> None:
    """Seven named days are every day: both ways to compute turns agree."""
    plain = a_rotation("li", "ma", turn_days=1)
    named = plain.model_copy(update={"days": tuple(DayKind)[:7]})
    begin = datetime(2026, 6, 20, tzinfo=UTC)
    assert list(turns(named, begin, begin + 60 * DAY)) == list(
        turns(plain, begin, begin + 60 * DAY)
    )


def test_the_telephone_of_a_turn_is_that_of_whoever_is_called() -> None:
    begin = datetime(2026, 7, 1, tzinfo=UTC)
    rules: list[DutyRule] = [
        a_member("li", "13800000001"),
        a_member("ma", "13800000002"),
        a_rotation("li", "ma", phone="023-4980"),
        Shift(post=Post.A, officer_id="li", begin=begin, end=begin + DAY, phone="023-1"),
        Shift(post=Post.A, officer_id="ma", begin=begin + DAY, end=begin + 2 * DAY),
        Override(post=Post.B, officer_id="ma", begin=begin + DAY / 2, end=begin + DAY),
        Swap(
            officer_id="li",
            other_id="ma",
            begin=begin,
            end=begin + DAY / 4,
            other_begin=begin + 9 * DAY,
            other_end=begin + 10 * DAY,
        ),
    ]
    entries = [an_entry(rule) for rule in rules]

    def phones(hours: float) -> list[tuple[str, str | None]]:
        status = evaluate(
            TOWN,
            entries,
            ResponseMode.NORMAL,
            CALENDAR,
            {},
            begin + timedelta(hours=hours),
            "evt-1",
        )
        slots = [post.slot for post in status.posts if post.slot is not None]
        return [(s.officer.officer_id, s.officer.phone) for s in slots if s.officer is not None]

    # The desk keeps its telephone when two people swap; an override has the officer's own.
    assert phones(1) == [("ma", "023-4980"), ("ma", "023-1")]
    assert phones(8) == [("li", "023-4980"), ("li", "023-1")]
    assert phones(13) == [("ma", "13800000002"), ("li", "023-1")]
    assert phones(25) == [("ma", "023-4980"), ("ma", "13800000002")]


def test_days_hours_and_telephones_go_through_csv() -> None:
    rules: list[DutyRule] = [
        a_rotation("li", "ma", days=(WORKDAY, HOLIDAY), until=time(17, 30), phone="+86 23-49"),
        Shift(
            post=Post.B,
            officer_id="li",
            begin=noon("2026-07-01"),
            end=noon("2026-07-02"),
            phone="12345",
        ),
    ]
    assert csv_file.read(csv_file.write(rules)) == rules


def test_an_entry_of_an_older_version_is_read_as_every_day() -> None:
    raw = (
        b'{"kind": "rotation", "post": "B", "members": ["li"], "starts": "2026-07-01", '
        b'"handover": "08:00:00", "days_of_a_later_version": 1}'
    )
    rotation = Rotation.model_validate_json(raw, extra="ignore")
    assert (rotation.days, rotation.until, rotation.phone) == ((), None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1"),
        ("begin,end\n", "line 1"),
        ("2026-01-01,2026-01-03,holiday,元旦,New Year", "line 1"),
        ("{}2026-01-01,2026-01-03,holiday\n", "line 2"),
        ("{}2026-01-01,2026-01-03,party,元旦,New Year\n", "line 2: kind"),
        ("{}2026-01-03,2026-01-01,holiday,元旦,New Year\n", "line 2: end"),
        ("{}2026-01-01,2027-01-01,holiday,元旦,New Year\n", "line 2: end"),
        ("{}2026-13-01,2026-01-01,holiday,元旦,New Year\n", "line 2"),
        ("{}2026-01-01,2026-01-01,holiday,元旦,\n", "line 2: a day needs"),
        ("{}" + "2026-01-01,2026-01-01,holiday,元旦,New Year\n" * 2, "line 3: .* twice"),
    ],
)
def test_a_wrong_calendar_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(CalendarFileError, match=message):
        read(text.replace("{}", "begin,end,kind,zh,en\n"))
