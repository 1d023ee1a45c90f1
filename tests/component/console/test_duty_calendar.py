"""The duty calendar: each slot is the duty service's own answer, for readers of the unit alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from services.duty.core.coverage import evaluate
from shared.contracts.duty import (
    DayKind,
    DutyEntry,
    DutyRule,
    Leave,
    Override,
    Rotation,
    Shift,
    Swap,
)
from shared.contracts.fields import Post, ResponseMode
from shared.contracts.pages import RosterSlot
from shared.domain.roster.day_calendar import DayCalendar, read
from shared.runtime.day_calendars import CHINA
from tests.component.console.test_duty import a_member, an_entry, ask
from tests.component.console.test_modes import a_mode
from tests.support.console_events import DISTRICT, ZHUTUO
from tests.support.console_harness import ConsoleHarness

BEIJING = ZoneInfo("Asia/Shanghai")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PATH = f"/api/duty/calendar?unit={ZHUTUO}"


def entries(today: date) -> list[DutyEntry]:
    """Return a plan with every kind of entry, around the coming days."""
    first = datetime.combine(today, time(), BEIJING)

    def span(begin: float, end: float) -> dict[str, Any]:
        return {"begin": first + begin * DAY, "end": first + end * DAY}

    def turns(post: Post, *members: str, **fields: Any) -> Rotation:
        starts = today - timedelta(days=2)
        pattern: dict[str, Any] = {
            "starts": starts,
            "handover": time(8),
            "zone": "Asia/Shanghai",
            **fields,
        }
        return Rotation(post=post, members=members, **pattern)

    swap: dict[str, Any] = {
        **span(5, 6),
        "other_begin": first + 8 * DAY,
        "other_end": first + 9 * DAY,
    }
    rules: list[DutyRule] = [
        *(a_member(officer, name) for officer, name in NAMES.items()),
        turns(Post.B, "o-town-b", "ma", turn_hours=12),
        turns(Post.A, "ma", turn_days=3),
        turns(Post.A, "li", days=(DayKind.REST_DAY,), handover=time(9), until=time(17)),
        turns(Post.COMMANDER, "li", turn_days=7),
        turns(Post.COMMANDER, "ma", turn_days=1, modes=(ResponseMode.EMERGENCY,)),
        Shift(post=Post.A, officer_id="o-town-b", **span(3.4, 4.9)),
        Shift(post=Post.COMMANDER, officer_id="a-stranger", **span(12, 12.5)),
        Override(post=Post.B, officer_id=None, **span(7.3, 7.9)),
        Swap(officer_id="ma", other_id="o-town-b", **swap),
        Leave(officer_id="li", **span(20, 22.5)),
    ]
    return [an_entry(f"entry-{place}", rule, place) for place, rule in enumerate(rules, 1)]


NAMES = {"o-town-b": "<b>李</b>", "ma": "马", "li": "李远"}


def china() -> DayCalendar:
    return read(CHINA.read_text(encoding="utf-8"))


def answer_of_duty(
    plan: list[DutyEntry], mode: ResponseMode, post: Post, at: datetime
) -> str | None:
    """Return whom the duty service would publish as the holder of a post at a moment."""
    status = evaluate(ZHUTUO, plan, mode, china(), {}, at, "the-test")
    slot = next(entry.slot for entry in status.posts if entry.post is post)
    assert isinstance(slot, RosterSlot)
    return slot.officer.officer_id if slot.officer is not None else None


async def calendar(console: ConsoleHarness, officer: str, path: str = PATH) -> dict[str, Any]:
    response = await ask(console, officer, "GET", path)
    assert response.status_code == 200, response.text
    view: dict[str, Any] = response.json()
    return view


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("mode", [None, ResponseMode.EMERGENCY])
async def test_each_slot_is_the_answer_of_the_duty_service(
    console: ConsoleHarness, mode: ResponseMode | None
) -> None:
    plan = entries(datetime.now(BEIJING).date())
    await console.project(plan)
    if mode is not None:
        await console.project([a_mode(DISTRICT, mode)])
    view = await calendar(console, "o-town-b")
    assert (view["posts"], view["mode"]) == (["B", "A", "commander"], mode or ResponseMode.NORMAL)
    slots = [slot for day in view["days"] for slot in day["slots"]]
    filled = [slot for slot in slots if slot["officer_id"] is not None]
    assert {slot["officer_id"] for slot in filled} == set(NAMES)
    assert {slot["officer_id"] is None for slot in slots} == {True, False}
    for slot in slots:
        begin, end = moment(slot["begin"]), moment(slot["end"])
        for at in (begin, begin + (end - begin) / 2, end - timedelta(microseconds=1)):
            holder = answer_of_duty(plan, ResponseMode(view["mode"]), Post(slot["post"]), at)
            assert holder == slot["officer_id"], (slot, at)
        assert slot["name"] == NAMES.get(slot["officer_id"])
        assert slot["own_turn"] is (slot["officer_id"] == "o-town-b")


async def test_the_slots_of_a_post_leave_no_moment_out(console: ConsoleHarness) -> None:
    await console.project(entries(datetime.now(BEIJING).date()))
    view = await calendar(console, "o-town-b")
    for post in view["posts"]:
        spans = sorted(
            {
                (moment(slot["begin"]), moment(slot["end"]))
                for day in view["days"]
                for slot in day["slots"]
                if slot["post"] == post
            }
        )
        assert spans[0][0] == moment(view["begin"])
        assert spans[-1][1] == moment(view["end"])
        assert all(earlier[1] == later[0] for earlier, later in pairwise(spans)), post


async def test_days_are_those_of_beijing_and_their_slots_are_in_one_order(
    console: ConsoleHarness,
) -> None:
    await console.project(entries(datetime.now(BEIJING).date()))
    view = await calendar(console, "o-town-b")
    days = [date.fromisoformat(day["day"]) for day in view["days"]]
    today = moment(view["begin"]).astimezone(BEIJING).date()
    assert days == [today + number * DAY for number in range(28)]
    assert moment(view["end"]) == datetime.combine(days[-1] + DAY, time(), BEIJING)
    edges = [
        slot[edge] for day in view["days"] for slot in day["slots"] for edge in ("begin", "end")
    ]
    assert [edge for edge in (*edges, view["begin"], view["end"]) if not edge.endswith("Z")] == []
    for day, entry in zip(days, view["days"], strict=True):
        midnight = datetime.combine(day, time(), BEIJING)
        keys = [(view["posts"].index(slot["post"]), slot["begin"]) for slot in entry["slots"]]
        assert keys == sorted(set(keys)), "post by post, in the order of time"
        assert {slot["post"] for slot in entry["slots"]} == set(view["posts"])
        for slot in entry["slots"]:
            assert moment(slot["begin"]) < midnight + DAY
            assert moment(slot["end"]) > midnight
            is_rest_of_night = moment(slot["begin"]) < midnight and (
                moment(slot["end"]) <= midnight + 12 * HOUR
            )
            assert not is_rest_of_night or slot["officer_id"] is None or day == today


async def test_days_of_rest_and_holidays_are_marked(console: ConsoleHarness) -> None:
    await console.project(entries(datetime.now(BEIJING).date()))
    view = await calendar(console, "o-town-b")
    office_days = china()
    for entry in view["days"]:
        day = date.fromisoformat(entry["day"])
        special = office_days.special(day)
        assert entry["workday"] is office_days.is_workday(day)
        assert entry["holiday"] is office_days.matches(day, (DayKind.HOLIDAY,))
        assert entry["zh"] == (special and special.name.zh)
        assert entry["en"] == (special and special.name.en)
    years = {int(entry["day"][:4]) for entry in view["days"]}
    assert view["holidays_known"] is all(office_days.knows(year) for year in years)


async def test_only_readers_of_the_unit_see_it_and_only_its_officers_their_own_turns(
    console: ConsoleHarness,
) -> None:
    await console.project(entries(datetime.now(BEIJING).date()))
    above = await calendar(console, "o-district-b")
    slots = [slot for day in above["days"] for slot in day["slots"]]
    assert not any(slot["own_turn"] for slot in slots)
    assert "13800000001" not in str(above)
    for officer in ("o-songji-b", "o-village-b"):
        assert (await ask(console, officer, "GET", PATH)).status_code == 403
    own = await calendar(console, "o-village-b", "/api/duty/calendar")
    assert own["unit"] != ZHUTUO
    assert own["posts"] == []


@pytest.mark.parametrize("weeks", ["0", "5", "-1", "x", "9999999999"])
async def test_a_calendar_has_one_to_four_weeks(console: ConsoleHarness, weeks: str) -> None:
    refused: httpx2.Response = await ask(console, "o-town-b", "GET", f"{PATH}&weeks={weeks}")
    assert refused.status_code == 422
    view = await calendar(console, "o-town-b", f"{PATH}&weeks=1")
    assert len(view["days"]) == 7
    assert moment(view["begin"]) <= datetime.now(UTC)
