"""The phone, the sign-in page and their dialogs on 360 pixels in English: nothing is cut off."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import product
from typing import Any

import pytest
from playwright.async_api import Page, expect

from shared.contracts.duty import DayKind
from shared.contracts.silences import WeeklyWindow
from tests.browser.checks import OVERFLOW
from tests.browser.conftest import Served, Visitor, shot
from tests.component.console.test_alert_acts import a_silence
from tests.support.console_events import DISTRICT, ZHUTUO

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
CLIPPED = """() => [...document.querySelectorAll("body *")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }))
  .filter((node) => [...node.childNodes].some((part) => part.nodeType === 3 && part.data.trim()))
  .filter((node) => !node.closest(".hidden-visually, [aria-hidden=true], option"))
  .filter((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, right } = range.getBoundingClientRect();
    if (right > innerWidth + 1 || left < -1) return true;
    for (let box = node; box && box !== document.body; box = box.parentElement) {
      const { overflowX } = getComputedStyle(box);
      if (overflowX === "visible") continue;
      const frame = box.getBoundingClientRect();
      return right > frame.right + 1 || left < frame.left - 1;
    }
    return false;
  })
  .map((node) => node.innerText.slice(0, 60))"""
"""Texts that leave the screen, or the nearest frame that cuts them off."""
LEAVING_BUTTON = """() => [...document.querySelectorAll("button, .button, select, .chip")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }))
  .filter((node) => node.scrollWidth > node.clientWidth + 1 && node.tagName !== "SELECT"
    || node.getBoundingClientRect().right > innerWidth)
  .map((node) => node.innerText.slice(0, 60))"""
"""Controls with a text wider than themselves, or outside the screen."""

OVERLAPPING = """() => [...document.querySelectorAll(".bulk-choice")]
  .filter((choice) => choice.scrollHeight > choice.clientHeight + 1)
  .map((choice) => choice.innerText)"""
"""Entries of a list whose text runs into the next one."""


async def defects(page: Page, where: str) -> list[str]:
    """Take a picture and return what does not fit."""
    await shot(page, f"narrow-{where}")
    await shot(page, f"narrow-{where}-whole", full=True)
    overflow = await page.evaluate(OVERFLOW)
    results = [f"{where}: {overflow} pixels too wide"] if overflow > 0 else []
    for check in (CLIPPED, LEAVING_BUTTON, OVERLAPPING):
        results += [f"{where}: {words}" for words in await page.evaluate(check)]
    return results


@pytest.mark.parametrize("officer", ["o-town-b", "o-village-b"])
async def test_the_phone_in_english_is_not_cut_at_360_pixels(
    visitor: Visitor, officer: str
) -> None:
    page = await visitor.open(officer, phone=True, lang="en")
    await page.wait_for_selector("#first .card, #rest .card")
    problems = await defects(page, f"pages-{officer}")
    await page.click("#tab-assignments")
    await page.wait_for_selector("#first .card .primary")
    problems += await defects(page, f"assignments-{officer}")
    for step in ("sign", "report"):
        await page.click(f"#bulk-{step}")
        dialog = page.locator("dialog")
        await dialog.locator(".bulk-list").get_by_text("Loading").wait_for(state="hidden")
        await expect(dialog.locator(".bulk-list")).not_to_be_empty()
        problems += await defects(page, f"bulk-{step}-{officer}")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
    assert problems == []


async def test_the_sign_in_page_in_english_is_not_cut_at_360_pixels(
    troubled: Visitor, served: Served
) -> None:
    page = await troubled.page(phone=True, lang="en")
    problems: list[str] = []
    for name, path in (("login", "/login?lang=en"), ("used-link", f"/login?ticket={'x' * 32}")):
        await page.goto(served.url + path)
        problems += await defects(page, name)
    await page.goto(f"{served.url}/m?lang=en")
    await page.locator(".gate, .gate-panel, form").first.wait_for()
    problems += await defects(page, "gate")
    assert problems == []


SQUEEZED = """() => [...document.querySelectorAll("#silences .description")]
  .filter((node) => node.getBoundingClientRect().width < 140)
  .map((node) => node.innerText.slice(0, 60))"""
"""Descriptions of silences with a word or two per line."""


async def test_a_silence_is_readable_beside_its_times(visitor: Visitor, served: Served) -> None:
    now = datetime.now(UTC)
    weekly = WeeklyWindow(
        days=(DayKind.SATURDAY, DayKind.SUNDAY), begin=time(23), until=time(1, 15)
    )
    span: dict[str, Any] = {"begin_at": now, "end_at": now + timedelta(minutes=10)}
    changes: list[dict[str, Any]] = [
        {**span, "place": ZHUTUO, "until_cleared": True, "silenced": 3, "still_firing": 2},
        {"place": DISTRICT, "weekly": weekly, "begin_at": now, "end_at": now + timedelta(days=28)},
    ]
    served.run(served.console.project([a_silence(**change) for change in changes]))
    try:
        for lang, width in product(("zh-CN", "en"), (390, 1366, 1920)):
            page = await visitor.open("o-district-b", lang=lang, width=width)
            await page.evaluate("() => { location.hash = 'alarms'; }")
            await expect(page.locator(f'[data-focus="sil-{ZHUTUO}-end"]')).to_be_visible()
            await shot(page, f"silences-{lang}-{width}", full=True)
            assert await page.evaluate(SQUEEZED) == []
            assert await page.evaluate(OVERFLOW) <= 0
            await page.context.close()
    finally:
        ended = [a_silence(2, **change, ended_at=now) for change in changes]
        served.run(served.console.project(ended))
