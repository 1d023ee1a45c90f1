"""The tab of the ledger: for administrators alone, on every screen, by keyboard alone."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.checks import CUT, OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, shot
from tests.component.console.test_ledger import administering, decide, requested
from tests.unit.catalog.builders import VILLAGE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
ADMINISTRATOR = "o-district-b"
SCREENS = ((1920, 1080), (1366, 768), (390, 844), (360, 740))
GAUGE = "sensor:gauge-1"


@pytest.fixture(scope="module", autouse=True)
def filled(served: Served) -> None:
    """Fill the ledger, and make an officer its administrator."""
    served.run(administering(served.console))


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_tab_is_readable_on_every_screen(visitor: Visitor, lang: str) -> None:
    for width, height in SCREENS:
        page = await visitor.open(ADMINISTRATOR, lang=lang, width=width)
        await page.set_viewport_size({"width": width, "height": height})
        await page.locator("#admin").click()
        await page.locator("#ledger-list .card").nth(3).wait_for()
        await page.locator(f"#ledger-list a[data-focus='{GAUGE}']").click()
        await expect(page.locator("#ledger-history tbody tr")).to_have_count(2)
        await shot(page, f"ledger-{width}-{lang}", full=width < 800)
        assert await page.evaluate(OVERFLOW) <= 0, width
        assert await page.evaluate(CUT) == [], width
        assert await unreadable(page, f"ledger {width}") == []


async def test_units_are_found_level_by_level_and_by_words(visitor: Visitor) -> None:
    page = await visitor.open(ADMINISTRATOR)
    await page.locator("#admin").click()
    cards = page.locator("#ledger-list .card")
    await page.locator("#board select[name=kind]").select_option("unit")
    await expect(cards).to_have_count(4)
    await page.locator("#ledger-list button").first.click()
    await expect(cards).to_have_count(2)
    await page.locator("#ledger-path button").first.click()
    await expect(cards).to_have_count(4)
    await page.locator("#board input[name=q]").fill(VILLAGE)
    await expect(cards).to_have_count(1)


async def test_a_sensor_is_tried_and_moved_by_keyboard_alone(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open(ADMINISTRATOR)
    await page.goto(f"{served.url}/admin#ledger/{GAUGE}")
    await page.locator("#ledger-acts [data-focus='ledger-move']").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    await dialog.locator("input[name=unit]").fill(VILLAGE)
    await dialog.locator("textarea").fill("站点迁移")
    await dialog.get_by_role("button", name="试办").focus()
    await page.keyboard.press("Enter")
    while not requested(served.console):
        await asyncio.sleep(0.05)
    served.run(decide(served.console, requested(served.console)[-1]))
    await expect(dialog.locator(".ledger-decision")).to_contain_text("将改变 1 个条目")
    await shot(page, "ledger-move")
    await dialog.get_by_role("button", name="移动").focus()
    await page.keyboard.press("Enter")
    while len(requested(served.console)) < 2:
        await asyncio.sleep(0.05)
    served.run(decide(served.console, requested(served.console)[-1]))
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#ledger-decision")).to_contain_text("1 个条目有新版本")
    await expect(page.locator("#ledger-history tbody tr")).to_have_count(3)
    await expect(page.locator("#ledger-version")).to_contain_text(VILLAGE)


async def test_nobody_else_is_offered_the_page(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-town-b")
    assert await page.locator("#admin").count() == 0
    await page.goto(f"{served.url}/admin")
    await expect(page.locator("#board")).to_contain_text("没有该单位的编目与配置权限")
    assert await page.locator("nav.boards").count() == 0
