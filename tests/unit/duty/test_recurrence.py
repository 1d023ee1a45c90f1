"""Repeating events of an imported calendar: rules, exceptions, changed repeats, bounds."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.contracts.duty import Shift
from shared.domain.roster import ical_file
from shared.domain.roster.errors import MOST_ENTRIES, DutyFileError

NOW = datetime.fromisoformat("2026-07-01T00:00:00+08:00")
DUTY = "X-FENGHUO-POST:B\r\nX-FENGHUO-OFFICER:{officer}\r\n"
SHANGHAI = ";TZID=Asia/Shanghai"


def an_event(
    *more: str, officer: str = "li", start: str = "20260701T080000", uid: str = "1"
) -> str:
    """One day of duty from `start` local time on; 8 hours."""
    end = f"{start[:9]}{int(start[9:11]) + 8:02}0000"
    lines = "".join(f"{line}\r\n" for line in more)
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART{SHANGHAI}:{start}\r\nDTEND{SHANGHAI}:{end}\r\n"
        f"{DUTY.format(officer=officer)}{lines}END:VEVENT\r\n"
    )


def shifts(*events: str, now: datetime = NOW) -> list[Shift]:
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{''.join(events)}END:VCALENDAR\r\n"
    result = ical_file.read(text.encode(), now)
    assert all(isinstance(rule, Shift) for rule in result)
    return [rule for rule in result if isinstance(rule, Shift)]


def days(*events: str, now: datetime = NOW) -> list[str]:
    return [f"{shift.begin:%m-%d}" for shift in shifts(*events, now=now)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", ["07-01", "07-02", "07-03"]),
        ("FREQ=DAILY;INTERVAL=2;UNTIL=20260705T000000Z", ["07-01", "07-03", "07-05"]),
        ("FREQ=DAILY;UNTIL=20260702", ["07-01", "07-02"]),
        ("FREQ=WEEKLY;COUNT=3", ["07-01", "07-08", "07-15"]),
        ("FREQ=WEEKLY;BYDAY=WE,SA;COUNT=4", ["07-01", "07-04", "07-08", "07-11"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR;COUNT=4", ["07-01", "07-03", "07-15", "07-17"]),
        ("FREQ=MONTHLY;COUNT=3", ["07-01", "08-01", "09-01"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["07-31", "08-28"]),
        ("FREQ=MONTHLY;BYMONTHDAY=15;UNTIL=20260901T000000Z", ["07-15", "08-15"]),
        # The end is in UTC: 07:59:59 and 08:00:01 in Chongqing.
        ("FREQ=DAILY;UNTIL=20260702T235959Z", ["07-01", "07-02"]),
        ("FREQ=DAILY;UNTIL=20260702T000001Z", ["07-01", "07-02"]),
    ],
)
def test_a_repeating_event_is_a_shift_for_each_repeat(rule: str, expected: list[str]) -> None:
    result = shifts(an_event(f"RRULE:{rule}"))
    assert [f"{shift.begin:%m-%d}" for shift in result] == expected
    for shift in result:
        assert f"{shift.begin:%H:%M}" == "08:00"
        assert shift.end - shift.begin == timedelta(hours=8)
        assert shift.officer_id == "li"


@pytest.mark.parametrize(
    "exception",
    [f"EXDATE{SHANGHAI}:20260702T080000", "EXDATE:20260702T000000Z", "EXDATE;VALUE=DATE:20260702"],
)
def test_an_exception_leaves_its_day_out_and_counts(exception: str) -> None:
    assert days(an_event("RRULE:FREQ=DAILY;COUNT=3", exception)) == ["07-01", "07-03"]


def test_many_exceptions_in_one_and_in_several_lines() -> None:
    event = an_event(
        "RRULE:FREQ=DAILY;COUNT=5",
        "EXDATE:20260701T000000Z,20260703T000000Z",
        "EXDATE:20260705T000000Z",
    )
    assert days(event) == ["07-02", "07-04"]


def test_a_changed_repeat_replaces_its_own_and_a_removed_one_is_gone() -> None:
    master = an_event("RRULE:FREQ=DAILY;COUNT=4")
    moved = an_event(
        f"RECURRENCE-ID{SHANGHAI}:20260702T080000", officer="ma", start="20260702T100000"
    )
    removed = an_event("RECURRENCE-ID:20260703T000000Z", "STATUS:CANCELLED")
    stranger = an_event("RECURRENCE-ID:20260704T000000Z", uid="2", officer="wu")
    result = shifts(master, moved, removed, stranger)
    assert sorted((f"{shift.begin:%m-%d %H}", shift.officer_id) for shift in result) == [
        ("07-01 08", "li"),
        ("07-01 08", "wu"),
        ("07-02 10", "ma"),
        ("07-04 08", "li"),
    ]


def test_repeats_keep_their_local_time_when_clocks_change() -> None:
    event = an_event("RRULE:FREQ=DAILY;COUNT=2").replace("Asia/Shanghai", "Europe/Berlin")
    event = event.replace("20260701", "20261024")
    result = shifts(event)
    assert [f"{shift.begin:%d %H:%M %z}" for shift in result] == [
        "24 08:00 +0200",
        "25 08:00 +0100",
    ]


def test_a_rule_without_an_end_is_read_for_a_year_from_now_on() -> None:
    event = an_event("RRULE:FREQ=WEEKLY", start="20200701T080000")
    result = shifts(event)
    assert (len(result), f"{result[0].begin:%Y-%m-%d}") == (53, "2026-07-01")
    assert max(shift.begin for shift in result) <= NOW + timedelta(days=366)


def test_a_repeat_that_still_lasts_is_read_and_one_that_is_over_is_not() -> None:
    event = an_event("RRULE:FREQ=DAILY;COUNT=3")
    first_day = datetime.fromisoformat("2026-07-02T16:00:00+08:00")
    assert days(event, now=first_day - timedelta(seconds=1)) == ["07-02", "07-03"]
    assert days(event, now=first_day) == ["07-03"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=YEARLY",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=MONTHLY;BYMONTH=2",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY\r\nRRULE:FREQ=WEEKLY",
        "FREQ=DAILY\r\nEXRULE:FREQ=WEEKLY",
        "FREQ=DAILY\r\nRDATE:20260703T000000Z",
    ],
)
def test_a_rule_outside_the_bounds_is_refused(rule: str) -> None:
    with pytest.raises(DutyFileError, match=r"event 1|not a calendar"):
        shifts(an_event(f"RRULE:{rule}"))


def test_a_rule_that_no_day_fulfils_ends() -> None:
    event = an_event("RRULE:FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30", start="20260201T080000")
    assert days(event) == []


def test_the_shifts_of_a_file_are_bounded() -> None:
    events = [an_event("RRULE:FREQ=DAILY", uid=str(number)) for number in range(7)]
    with pytest.raises(DutyFileError, match=str(MOST_ENTRIES)):
        shifts(*events)
    with pytest.raises(DutyFileError, match="200 repeating"):
        shifts(*[an_event("RRULE:FREQ=DAILY;COUNT=1", uid=str(n)) for n in range(201)])
