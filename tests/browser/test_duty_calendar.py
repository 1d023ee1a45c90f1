"""The duty calendar: weeks on the desk, a list on the phone; gaps, one's own turns, holidays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from shared.contracts.duty import DutyRule, Leave, Rotation
from shared.contracts.fields import Post
from shared.domain.bilingual import Bilingual
from shared.domain.roster.day_calendar import DayCalendar, SpecialDay
from tests.browser.checks import OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, a_console, shot, until_true
from tests.component.console.test_duty import a_member, an_entry
from tests.support.console_events import HOSTILE_TEXT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
BEIJING = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
NAMES = {"o-town-b": "李远", "ma": "马晓梅", "chen": HOSTILE_TEXT[:30]}
WORDS = {
    "zh-CN": ("空岗", "本人", "次日08:00", "春节", "上班", "现在"),
    "en": ("nobody", "you", "08:00 next day", "Spring Festival", "work day", "now"),
}
SIZES = ((1920, 1080, 7), (1366, 768, 7), (390, 844, 1))
"""Width, height, and the columns of the calendar."""
COLUMNS = (
    "getComputedStyle(document.querySelector('#duty-calendar .month'))"
    ".gridTemplateColumns.split(' ').length"
)
LEAVING = """() => [...document.querySelectorAll("#duty-calendar .day")]
  .filter((day) => day.scrollWidth > day.clientWidth + 1).map((day) => day.innerText)"""
"""Days whose text leaves their frame."""


def today() -> date:
    return datetime.now(BEIJING).date()


async def a_planned_town(served: Served) -> None:
    """Fill a console with a plan of three posts, and with a calendar that has a holiday soon."""
    first = datetime.combine(today(), time(), BEIJING)
    pattern: dict[str, Any] = {
        "starts": today() - DAY,
        "handover": time(8),
        "zone": "Asia/Shanghai",
    }
    rules: list[DutyRule] = [
        *(a_member(officer, name) for officer, name in NAMES.items()),
        Rotation(post=Post.B, members=("o-town-b", "ma"), turn_hours=12, **pattern),
        Rotation(post=Post.A, members=("ma", "o-town-b"), turn_days=1, **pattern),
        Rotation(post=Post.COMMANDER, members=("chen",), turn_days=7, **pattern),
        Leave(officer_id="chen", begin=first + 10 * DAY, end=first + 11.5 * DAY),
    ]
    await served.console.project(
        [an_entry(f"entry-{place}", rule, place) for place, rule in enumerate(rules, 1)]
    )
    festival = Bilingual("春节", "Spring Festival")
    parts = cast("dict[type, object]", served.console.deps.parts)
    parts[DayCalendar] = DayCalendar(
        [(today() + number * DAY, SpecialDay(number != 6, festival)) for number in (4, 5, 6)]
    )


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console of its own: the plan would change the boards of the others."""
    with a_console(a_planned_town) as running:
        yield running


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_a_calendar_of_four_weeks_names_who_is_on_duty_each_day(
    visitor: Visitor, lang: str
) -> None:
    gap, own, night, festival, work, now = WORDS[lang]
    page = await visitor.open("o-town-b", lang=lang)
    await page.locator(".boards a[href='#duty']").click()
    calendar = page.locator("#duty-calendar")
    days = calendar.locator(".day")
    await expect(days).to_have_count(28)
    assert await days.first.get_attribute("data-day") == today().isoformat()
    await expect(days.first).to_contain_text(now)
    await expect(days.nth(1)).not_to_contain_text(now)
    await expect(days.nth(1)).to_contain_text("马晓梅")
    await expect(days.nth(1)).to_contain_text(night)
    await expect(days.nth(1)).to_contain_text(own)
    await expect(days.nth(4)).to_contain_text(festival)
    await expect(days.nth(6)).to_contain_text(work)
    counts = [await days.nth(number).locator(".gap").count() for number in range(28)]
    assert counts == [int(number in (10, 11)) for number in range(28)]
    await expect(days.nth(10).locator(".gap")).to_contain_text(gap)
    await expect(days.nth(2)).to_contain_text(NAMES["chen"])
    assert await calendar.locator("img, script").count() == 0
    for width, height, columns in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await until_true(page, f"() => {COLUMNS} === {columns}")
        await days.first.evaluate("(day) => day.scrollIntoView({ block: 'center' })")
        await shot(page, f"duty-calendar-{width}-{lang}")
        assert await page.evaluate(OVERFLOW) <= 0
        assert await page.evaluate(LEAVING) == []
        assert await unreadable(page, f"{width} {lang}") == []
