"""Duty plans as files: written and read, hostile cells, all problems at once."""

from __future__ import annotations

import contextlib
import csv
import io
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.duty import DutyRule, Member, Override, Shift
from shared.contracts.fields import Language, Post
from shared.contracts.pages import Channel, Officer
from shared.domain.roster import csv_file, ical_file
from shared.domain.roster.errors import DutyFileError
from shared.domain.roster.timeline import plan_of, timeline
from tests.unit.duty.plans import T0, TOWN, a_rotation, an_entry
from tests.unit.duty.test_timeline import OFFICERS, at, rules

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="=+-@'\",;"),
    min_size=1,
    max_size=30,
).filter(lambda text: text.strip(" ") == text)
members = st.builds(
    lambda name, phone, mail: Member(
        officer=Officer(
            officer_id="li",
            name=name,
            phone=phone,
            addresses={Channel.EMAIL: mail} if mail else {},
            language=Language.EN if mail else Language.ZH,
        ),
        channels=(Channel.CONSOLE, Channel.SMS),
    ),
    texts,
    st.none() | st.just("+86 138 0000 0001"),
    st.none() | st.just("li@example.org"),
)
reasons = st.builds(
    lambda text: Override(post=Post.B, begin=T0, end=T0 + timedelta(hours=1), reason=text), texts
)


@given(st.lists(st.one_of(rules, members, reasons), max_size=6))
def test_a_plan_is_read_from_csv_as_it_was_written(plan_rules: list[DutyRule]) -> None:
    text = csv_file.write(plan_rules)
    assert csv_file.read(text) == plan_rules
    assert csv_file.read("\ufeff" + text) == plan_rules


@pytest.mark.parametrize("name", ["=1+1", "+x", "-2", "@SUM(A1)", "'quoted"])
def test_no_cell_is_a_formula(name: str) -> None:
    text = csv_file.write([Member(officer=Officer(officer_id="li", name=name))])
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    (member,) = csv_file.read(text)
    assert isinstance(member, Member)
    assert member.officer.name == name


def test_all_problems_of_a_csv_are_named_with_their_lines() -> None:
    text = (
        "kind,post,officer_id,begin,end,members,starts,turn_days\n"
        "shift,B,li,2026-07-01T08:00:00+08:00,2026-07-01T07:00:00+08:00,,,\n"
        "shift,Z,li,yesterday,2026-07-01T07:00:00+08:00,,,\n"
        "\n"
        "rotation,B,,,,li ma,2026-07-01,many\n"
        "holiday,,,,,,,\n"
        "shift,B,li,2026-07-01T08:00:00,2026-07-02T08:00:00,,,\n"
    )
    with pytest.raises(DutyFileError) as refused:
        csv_file.read(text)
    problems = "\n".join(refused.value.problems)
    for part in (
        "line 2",
        "end must lie",
        "line 3, shift.post",
        "line 3, shift.begin",
        "line 5: turn_days",
        "line 6",
        "line 7",
    ):
        assert part in problems or part.replace("shift.", "") in problems, problems


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", 'kind\n"open', "kind\nshift,1,2\n"])
def test_a_file_that_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(DutyFileError):
        csv_file.read(text)


def test_a_calendar_has_the_officers_on_duty_and_is_read_back_as_shifts() -> None:
    plan = plan_of([an_entry(a_rotation(*OFFICERS, turn_hours=12))])
    before = timeline(plan, Post.B, at(0), at(72))
    raw = ical_file.write(TOWN, "朱沱镇", {Post.B: before}, {"li": "李=远"}, T0)
    assert "B岗 李=远".encode() in raw
    restored = plan_of(an_entry(shift) for shift in ical_file.read(raw, T0))
    assert timeline(restored, Post.B, at(0), at(72)) == before


_EVENT = (
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:{start}\r\nDTEND:20260702T000000Z\r\n{more}END:VEVENT\r\n"
)
_POST_AND_OFFICER = "X-FENGHUO-POST:B\r\nX-FENGHUO-OFFICER:li\r\n"


@pytest.mark.parametrize(
    ("start", "more", "message"),
    [
        ("20260701T000000Z", "", "one is missing"),
        ("20260701T000000Z", _POST_AND_OFFICER + "RRULE:FREQ=HOURLY\r\n", "FREQ"),
        ("20260701T000000Z", _POST_AND_OFFICER + "RRULE:FREQ=DAILY;BYHOUR=1,2\r\n", "BYHOUR"),
        ("20260701T000000Z", _POST_AND_OFFICER + "RDATE:20260702T000000Z\r\n", "RDATE"),
        ("20010701T000000Z", _POST_AND_OFFICER + "RRULE:FREQ=DAILY\r\n", "ten years"),
        ("20260701T000000", _POST_AND_OFFICER, "zone"),
        ("20260703T000000Z", _POST_AND_OFFICER, "after begin"),
        ("20260701T000000Z", _POST_AND_OFFICER.replace(":B", ":Z"), "X-FENGHUO-POST"),
    ],
)
def test_a_missing_part_of_a_calendar_is_named(start: str, more: str, message: str) -> None:
    raw = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + _EVENT.format(start=start, more=more)
    with pytest.raises(DutyFileError, match=message):
        ical_file.read((raw + "END:VCALENDAR\r\n").encode(), T0)


_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\n{more}END:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def calendar_in_zone(name: str, offset: str, more: str = "", define: bool = True) -> bytes:
    """One shift from 08:00 to 20:00 in a zone that the file defines."""
    zone = _ZONE.format(name=name, offset=offset, more=more) if define else ""
    event = (
        f"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID={name}:20270701T080000\r\n"
        f"DTEND;TZID={name}:20270701T200000\r\n{_POST_AND_OFFICER}END:VEVENT\r\n"
    )
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    return (head + zone + event + "END:VCALENDAR\r\n").encode()


def begin_of(raw: bytes) -> datetime:
    (shift,) = ical_file.read(raw, T0)
    assert isinstance(shift, Shift)
    return shift.begin


@pytest.mark.parametrize("name", ["Beijing", "/x/Beijing", "Customized Time Zone", "UTC+8"])
def test_a_zone_holds_in_its_own_file_only(name: str) -> None:
    west = begin_of(calendar_in_zone(name, "-1200"))
    east = begin_of(calendar_in_zone(name, "+0800"))
    assert (west.utcoffset(), east.utcoffset()) == (timedelta(hours=-12), timedelta(hours=8))
    assert west - east == timedelta(hours=20)
    with pytest.raises(DutyFileError, match="zone"):
        ical_file.read(calendar_in_zone(name, "", define=False), T0)


@pytest.mark.parametrize("name", ["Asia/Shanghai", "China Standard Time"])
def test_a_zone_of_the_world_needs_no_definition(name: str) -> None:
    east = timedelta(hours=8)
    assert begin_of(calendar_in_zone(name, "", define=False)).utcoffset() == east


def test_a_yearly_change_of_the_clock_is_supported() -> None:
    rule = "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
    assert begin_of(calendar_in_zone("Office", "+0100", rule)).utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=SECONDLY\r\n",
        "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3\r\n",
        "RRULE:FREQ=YEARLY;BYMONTH=1;BYHOUR=0,1,2;BYMINUTE=0,1;BYSECOND=0,1,2\r\n",
        "RRULE:FREQ=YEARLY\r\nRRULE:FREQ=MINUTELY\r\n",
        "RRULE:FREQ=YEARLY;INTERVAL=0;BYMONTH=2;BYMONTHDAY=30\r\n",
        "EXRULE:FREQ=SECONDLY\r\n",
        "RDATE:19700101T000000\r\n" * 2_000,
    ],
    ids=["each second", "each day", "many a day", "two rules", "no step", "exceptions", "dates"],
)
def test_a_zone_that_would_take_long_to_work_out_is_refused(rule: str) -> None:
    with pytest.raises(DutyFileError, match="zone Office"):
        ical_file.read(calendar_in_zone("Office", "+0800", rule), T0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"BEGIN:VTIMEZONE", b"BEGIN:VTMMEZONE"),
        (b"END:STANDARD\r\n", b""),
        (b"TZOFFSETTO:+0800\r\n", b""),
        (b"TZOFFSETTO:+0800", b"TZOFFSETTO:+9900"),
        (b"DTSTART:19700101T000000", b"DTSTART;VALUE=DATE:19700101"),
        (b"TZID:Office\r\n", b""),
        (b"20270701T080000", b"00010101T000000"),
        (b"20270701T200000", b"99991231T235959"),
    ],
)
def test_a_damaged_calendar_is_refused_or_read(old: bytes, new: bytes) -> None:
    raw = calendar_in_zone("Office", "+0800")
    assert old in raw
    with contextlib.suppress(DutyFileError):
        ical_file.read(raw.replace(old, new, 1), T0)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_break_the_readers(raw: bytes) -> None:
    with contextlib.suppress(DutyFileError):
        ical_file.read(raw, T0)
    with contextlib.suppress(DutyFileError):
        csv_file.read(raw.decode(errors="replace"))
