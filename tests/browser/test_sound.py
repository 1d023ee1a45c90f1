"""The bell: off at first, remembered, honest about a locked sound, and rung by new alerts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from shared.contracts.fields import Level, Status
from tests.browser.conftest import Served, Visitor
from tests.support.console_events import SONGJI, a_page, an_alert

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
COUNT = """(() => {
  window.tones = 0;
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    window.tones += 1;
    return make.call(this);
  };
})()"""


async def tones(page: Page) -> int:
    number: int = await page.evaluate("window.tones")
    return number


@pytest.mark.parametrize("phone", [True, False])
async def test_the_bell_is_unlocked_remembered_and_muted(visitor: Visitor, phone: bool) -> None:
    page = await visitor.open("o-songji-b", phone=phone)
    await page.add_init_script(COUNT)
    await page.reload()
    bell = page.locator("#sound")
    await expect(bell).to_have_text("开启提示音")
    await bell.click()
    await expect(bell).to_have_text("静音")
    await expect(bell).to_have_attribute("aria-pressed", "true")
    assert await tones(page) == 3
    await page.reload()
    await expect(bell).to_have_text("点按以启用声音")
    await expect(bell).to_have_attribute("aria-pressed", "false")
    await page.locator("h1").first.click()  # any press unlocks
    await expect(bell).to_have_text("静音")
    await bell.press("Enter")
    await expect(bell).to_have_text("开启提示音")
    await page.reload()
    await expect(bell).to_have_text("开启提示音")


async def test_a_new_alert_rings_and_a_drill_does_not(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-songji-b", phone=True)
    await page.add_init_script(COUNT)
    await page.reload()
    await page.wait_for_selector(".link.live")
    await page.locator("#sound").click()
    await expect(page.locator("#sound")).to_have_text("静音")
    before = await tones(page)
    now = datetime.now(UTC)
    drill = a_page("o-songji-b", SONGJI, name="drill-bell", status=Status.EXERCISE, at=now)
    served.run(served.console.project([drill]))
    await expect(page.locator("#first .card.drill")).to_have_count(1)
    assert await tones(page) == before
    served.run(
        served.console.project([a_page("o-songji-b", SONGJI, name="bell", level=Level.RED, at=now)])
    )
    await expect(page.locator("#first .card.red:not(.drill)")).to_have_count(2)
    assert await tones(page) == before + 3


async def test_a_new_alert_rings_on_the_wall(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-city-b")
    await page.add_init_script(COUNT)
    await page.reload()
    await page.wait_for_selector("#alerts .card")
    await page.locator("#sound").click()
    await expect(page.locator("#sound")).to_have_text("静音")
    before = await tones(page)
    served.run(
        served.console.project([an_alert("bell", "500118104000", headline="临江镇 小安溪水位上涨")])
    )
    await expect(page.locator("#announce")).to_contain_text("临江镇", timeout=90_000)
    assert await tones(page) == before + 3
