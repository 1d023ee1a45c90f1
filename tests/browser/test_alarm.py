"""The alarm of a device: its state is honest, one press tests it, and it rings until answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from shared.contracts.fields import Level, Status
from shared.contracts.pages import PageState
from tests.browser.conftest import Served, Visitor, a_console, shot, until_true
from tests.support.console_events import CITY, SONGJI, a_page, an_alert

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
HEAR = """(() => {
  window.heard = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) {
    window.heard.push(this.frequency.value);
    return start.call(this, at);
  };
})()"""
RED_HZ, ORANGE_HZ, BLUE_HZ = 988, 880, 523


async def fill_nothing(served: Served) -> None:
    """Fill a console with nothing: no page waits before the test lets one wait."""


@pytest.fixture(scope="module")
def quiet() -> Iterator[Served]:
    """A console without any page."""
    with a_console(fill_nothing) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def guest(browser: Browser, quiet: Served) -> AsyncIterator[Visitor]:
    """A visitor of the console without any page."""
    visitor = Visitor(browser, quiet)
    yield visitor
    await visitor.close()
    assert visitor.complaints == []


async def tones(page: Page, hertz: int) -> int:
    rung: list[float] = await page.evaluate("window.heard")
    return sum(round(tone) == hertz for tone in rung)


async def opened(guest: Visitor, officer: str, *, phone: bool) -> Page:
    page = await guest.open(officer, phone=phone)
    await page.add_init_script(HEAR)
    await page.reload()
    await page.wait_for_selector(".link.live")
    return page


@pytest.mark.parametrize("phone", [True, False])
async def test_one_press_tests_the_alarm_whose_state_is_always_shown(
    guest: Visitor, phone: bool
) -> None:
    page = await opened(guest, "o-songji-b", phone=phone)
    state, alarm = page.locator("#alarm-state"), page.locator("#alarm")
    await expect(state).to_have_text("声音 关 · 推送 关")
    await expect(alarm).to_have_text("测试警报")
    await alarm.click()
    await expect(state).to_contain_text("声音 开")
    await expect(alarm).to_have_text("警报设置")
    assert await tones(page, ORANGE_HZ) == 3
    await page.reload()
    await expect(state).to_contain_text("声音 被浏览器阻止")
    await expect(alarm).to_have_text("测试警报")
    await page.locator("h1").first.click()  # any press unblocks
    await expect(state).to_contain_text("声音 开")
    await alarm.click()
    await page.wait_for_selector("#sound-turn")
    await shot(page, f"alarm-{'phone' if phone else 'wall'}")
    await page.get_by_role("button", name="关闭声音").press("Enter")
    await page.get_by_role("button", name="关闭", exact=True).click()
    await page.reload()
    await expect(state).to_contain_text("声音 关")


async def test_a_page_rings_by_its_level_until_it_is_answered(
    guest: Visitor, quiet: Served
) -> None:
    """On each board of the wall, whichever status it shows, and on the phone."""
    for phone, officer, unit in ((False, "o-city-b", CITY), (True, "o-songji-b", SONGJI)):
        page = await opened(guest, officer, phone=phone)
        if not phone:
            await page.goto(f"{quiet.url}/?status=Exercise#supervision")
            await page.wait_for_selector(".link.live")
        await page.locator("#alarm").click()
        await expect(page.locator("#alarm")).to_have_text("警报设置")
        title = await page.title()
        now = datetime.now(UTC)
        drill = a_page(officer, unit, name="drill", level=Level.RED, status=Status.EXERCISE, at=now)
        blue = a_page(officer, unit, name="blue", level=Level.BLUE, at=now)
        quiet.run(quiet.console.project([drill, blue]))
        await until_true(page, f"() => window.heard.some((tone) => Math.round(tone) === {BLUE_HZ})")
        assert await page.title() == f"（蓝色 1） {title}"
        assert await tones(page, RED_HZ) == 0, "a drill rings"
        red = a_page(officer, unit, name="red", level=Level.RED, at=now)
        quiet.run(quiet.console.project([red]))
        count = f"window.heard.filter((tone) => Math.round(tone) === {RED_HZ}).length"
        await until_true(page, f"() => {count} >= 8")  # four tones of each ring
        assert (await page.title()).startswith("（红色 2）")
        icon = page.locator("link[rel=icon]")
        assert (await icon.get_attribute("href") or "").startswith("data:image/svg+xml")
        answered = [
            item.model_copy(
                update={"version": 2, "state": PageState.ANSWERED, "id": f"{item.page_id}-2"}
            )
            for item in (drill, blue, red)
        ]
        quiet.run(quiet.console.project(answered))
        await until_true(page, f"() => document.title === {title!r}")
        assert await icon.get_attribute("href") == "/static/icon.svg"


async def test_a_new_alert_rings_on_the_wall(guest: Visitor, quiet: Served) -> None:
    page = await opened(guest, "o-city-b", phone=False)
    await page.wait_for_selector("#alerts .empty")
    await page.locator("#alarm").click()
    await expect(page.locator("#alarm")).to_have_text("警报设置")
    before = await tones(page, ORANGE_HZ)
    quiet.run(
        quiet.console.project([an_alert("bell", "500118104000", headline="临江镇 小安溪水位上涨")])
    )
    await expect(page.locator("#announce")).to_contain_text("临江镇", timeout=90_000)
    assert await tones(page, ORANGE_HZ) == before + 3
