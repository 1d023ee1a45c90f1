"""A new incident at the desk and on the phone: at most six presses, both languages, all widths."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.checks import OVERFLOW
from tests.browser.conftest import Served, Visitor, shot
from tests.browser.test_acts import sent
from tests.browser.test_photos import photo

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
MOST_PRESSES = 6
WORDS = {
    "zh-CN": ("报告事件", "火灾", "一句话说明", "用我的位置", "限责任单位知悉", "群体性事件"),
    "en": (
        "Report an incident",
        "Fire",
        "In one line",
        "Use my position",
        "the responsible units alone",
        "Mass incident",
    ),
}
COUNT_PRESSES = """() => {
  window.presses = 0;
  addEventListener("pointerdown", () => { window.presses += 1; }, true);
}"""


@pytest.mark.parametrize("lang", WORDS)
@pytest.mark.parametrize("width", [1920, 1366, 390, 360])
async def test_an_incident_takes_six_presses(
    visitor: Visitor, served: Served, lang: str, width: int
) -> None:
    title, kind, words, locate, rule, sensitive = WORDS[lang]
    phone = width < 400
    page = await visitor.open("o-village-b", phone=phone, lang=lang, width=width)
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"latitude": 29.013, "longitude": 105.848})
    await page.evaluate(COUNT_PRESSES)
    await page.get_by_role("button", name=title, exact=True).click()
    dialog = page.locator("dialog")
    await dialog.get_by_label(sensitive, exact=True).check()
    await expect(dialog.locator(".warn")).to_contain_text(rule)
    await shot(page, f"incident-{lang}-{width}")
    await page.evaluate("() => { window.presses = 1; }")  # so far the button alone was needed
    await dialog.get_by_text(kind, exact=True).click()
    await expect(dialog.locator(".warn")).to_be_hidden()
    await dialog.get_by_role("textbox", name=words, exact=True).click()
    await page.keyboard.type("老街 3 号楼冒烟")
    await dialog.get_by_role("button", name=locate).click()
    await expect(dialog.locator("[name=coordinates]")).to_have_value("29.01300, 105.84800")
    await dialog.locator("[name=photos]").set_input_files([photo()])
    assert await page.evaluate(OVERFLOW) <= 0
    before = len(sent(served, "report"))
    await dialog.get_by_role("button", name=title, exact=True).click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".sent-note")).to_be_visible()
    await shot(page, f"incident-sent-{lang}-{width}")
    assert await presses(page) <= MOST_PRESSES
    await expect(page.locator("#unsent .unsent")).to_have_count(0)
    report = sent(served, "report")[before]
    assert (report["event_type"], report["headline"], report["reporter_id"]) == (
        "12:fire",
        "老街 3 号楼冒烟",
        "o-village-b",
    )
    assert report["position"] == {"lat": 29.013, "lon": 105.848}


async def presses(page: Page) -> int:
    result: int = await page.evaluate("() => window.presses")
    return result


async def test_an_incident_without_a_line_is_sent_later_with_its_photo(
    browser: Browser, served: Served
) -> None:
    visitor = Visitor(browser, served)
    page = await visitor.open("o-songji-b", phone=True)
    await page.context.set_offline(True)
    await page.click("#new-incident")
    dialog = page.locator("dialog")
    await dialog.get_by_text("洪水", exact=True).click()
    await dialog.get_by_role("textbox", name="一句话说明", exact=True).fill("河水漫堤")
    await dialog.locator("[name=photos]").set_input_files([photo("漫堤.jpg", 33)])
    await dialog.get_by_role("button", name="报告事件").click()
    await expect(page.locator("#unsent")).to_contain_text("2")
    await page.context.set_offline(False)
    await expect(page.locator("#unsent .unsent")).to_have_count(0, timeout=90_000)
    assert sent(served, "report")[-1]["headline"] == "河水漫堤"
    await visitor.close()
