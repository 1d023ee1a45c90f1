"""The console as a person sees it: the wall and the phone, in both languages, to be looked at."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visitor, shot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_wall_shows_alerts_commands_and_supervision(visitor: Visitor, lang: str) -> None:
    page = await visitor.open("o-district-b", lang=lang)
    await page.wait_for_selector("#alerts .card.red")
    await page.wait_for_selector("#commands .tier")
    await page.wait_for_selector("#tiles .tile.orange.issued")
    await expect(page.locator("#tiles .tile")).to_have_count(23)
    await page.locator("#supervision li").nth(5).wait_for()
    await page.wait_for_selector(".missing .chip")
    await shot(page, f"wall-{lang}")


SCROLLS = """() => {
  const page = document.scrollingElement;
  const below = [...document.querySelectorAll(".board .panel, .counter")]
    .filter((part) => part.getBoundingClientRect().bottom > innerHeight + 1);
  const cut = [...document.querySelectorAll(".board .card")]
    .filter((card) => card.scrollHeight > card.clientHeight + 1);
  const overflow = [page.scrollHeight - page.clientHeight, page.scrollWidth - page.clientWidth];
  return [...overflow, below.length, cut.length];
}"""


HEADLINE = "document.querySelector('#alerts .card h3').getBoundingClientRect().height"


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
async def test_a_wall_shows_its_overview_without_scrolling(
    visitor: Visitor, lang: str, width: int, height: int
) -> None:
    page = await visitor.open("o-city-b", lang=lang, width=width)
    await page.set_viewport_size({"width": width, "height": height})
    await page.wait_for_selector("#commands .tier")
    await page.wait_for_selector("#supervision li")
    assert await page.evaluate(SCROLLS) == [0, 0, 0, 0]
    await shot(page, f"overview-{height}-{lang}")
    # The same picture, twice as large: a headline is twice as high.
    await page.wait_for_selector("#alerts .card h3")
    # Asked for in one go: the live list may draw the card anew between finding and measuring it.
    height_px = await page.evaluate(HEADLINE)
    assert (height_px > 40) == (width == 3840)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_phone_fits_360_pixels(visitor: Visitor, lang: str) -> None:
    page = await visitor.open("o-town-b", phone=True, lang=lang)
    await page.wait_for_selector("#first .card.orange")
    await page.wait_for_selector("#first .card.drill .drill-band")
    await shot(page, f"phone-pages-{lang}", full=True)
    await page.click("#tab-assignments")
    await page.wait_for_selector("#first .card .primary")
    await shot(page, f"phone-assignments-{lang}", full=True)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0


async def test_the_wall_fits_360_pixels(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b", width=360)
    await page.wait_for_selector("#alerts .card.red")
    await shot(page, "wall-narrow", full=True)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0


async def test_a_drill_is_unmistakable(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await page.click("#drill button")
    await page.wait_for_selector("#alerts .card.drill .drill-tag")
    assert "演练" in await page.inner_text("#drill")
    await expect(page.locator("#alerts .card:not(.drill)")).to_have_count(0)
    await page.wait_for_selector("#commands .card.drill")
    await page.wait_for_selector("#tiles .tile")
    await shot(page, "wall-drill")
