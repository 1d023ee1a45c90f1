"""A sensor's chart where an alert is looked into: drawn, told, and as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from services.console.features.sensors.sensor_parts import SensorParts
from tests.browser.conftest import Served, Visitor, shot
from tests.support.console_events import a_rule

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WORDS = {
    "zh-CN": ("朱沱(三)", "详情", "以表格查看", "24 小时", "个读数"),
    "en": ("朱沱(三)", "Details", "As a table", "24 h", "readings"),
}


@pytest.mark.parametrize("width", [1920, 360])
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_an_alert_shows_the_course_of_its_sensor(
    visitor: Visitor, served: Served, lang: str, width: int
) -> None:
    name, details, _, day, unit_of_count = WORDS[lang]
    now = datetime.now(UTC)
    served.console.readings.points["gauge-zhutuo"] = [
        ((now - timedelta(minutes=5 * (288 - n) - 2.5)).timestamp(), 207.4 + 4.96 * (n / 287) ** 3)
        for n in range(288)
    ]
    served.console.deps.part(SensorParts).rules.apply(a_rule())
    page = await visitor.open("o-city-b", lang=lang, width=width)
    card = page.locator("#alerts .card", has_text="朱沱").first
    await card.get_by_role("button", name=details).click()
    chart = page.locator("dialog .chart")
    await expect(chart).to_contain_text(name)
    drawing = chart.get_by_role("img")
    await expect(drawing.locator(".line")).to_have_count(1)
    await expect(drawing.locator(".rung.orange")).to_have_count(1)
    await expect(chart).to_contain_text(f"72 {unit_of_count}")
    await chart.get_by_role("button", name=day, exact=True).click()
    await expect(chart).to_contain_text(f"288 {unit_of_count}")
    assert (await drawing.get_attribute("aria-label") or "").startswith(name)
    await chart.scroll_into_view_if_needed()
    await shot(page, f"chart-{width}-{lang}")
    await chart.locator("summary").press("Enter")
    await expect(chart.locator("table")).to_have_count(3)
    await expect(chart.locator("table").first).to_contain_text("212")
    assert await page.evaluate(OVERFLOW) <= 0
    assert await page.evaluate("document.querySelector('dialog').scrollWidth") <= width
    await shot(page, f"chart-table-{width}-{lang}")
