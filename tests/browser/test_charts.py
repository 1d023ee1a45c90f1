"""A sensor's chart where an alert is looked into: drawn, told, and as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import sin

import pytest
from playwright.async_api import expect

from services.console.core.definitions import Definitions
from services.console.features.sensors.charts import Point
from services.console.features.sensors.history_points import extremes
from tests.browser.conftest import Served, Visitor, shot
from tests.support.console_events import a_rule
from tests.support.console_harness import GAUGE
from tests.support.sensor_history import store_history

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SIZES = """(drawing) => [...drawing.querySelectorAll("text")].map((text) =>
    drawing.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize))"""
"""The sizes of a drawing's texts on the screen, in pixels."""
WORDS = {
    "zh-CN": ("朱沱(三)", "详情", "以表格查看", "24 小时", "个读数"),
    "en": ("朱沱(三)", "Details", "As a table", "24 h", "readings"),
}


async def with_history(served: Served, points: list[Point]) -> None:
    async with served.console.deps.database.transaction() as work:
        await work.connection.execute("DELETE FROM console.sensor_history")
    await store_history(served.console.deps.database, GAUGE, points)


@pytest.mark.parametrize("width", [1920, 360])
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_an_alert_shows_the_course_of_its_sensor(
    visitor: Visitor, served: Served, lang: str, width: int
) -> None:
    name, details, _, day, unit_of_count = WORDS[lang]
    now = datetime.now(UTC)
    points = [
        ((now - timedelta(minutes=5 * (288 - n) - 2.5)).timestamp(), 207.4 + 4.96 * (n / 287) ** 3)
        for n in range(288)
    ]
    served.console.readings.points["gauge-zhutuo"] = points
    served.run(with_history(served, points))
    served.console.deps.part(Definitions).put_rule(a_rule())
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
    await expect(chart).to_contain_text(f"{len(extremes(points))} {unit_of_count}")
    assert (await drawing.get_attribute("aria-label") or "").startswith(name)
    if width == 1920:
        assert min(await drawing.evaluate(SIZES)) >= 14, "legible from three metres"
    await chart.scroll_into_view_if_needed()
    await shot(page, f"chart-{width}-{lang}")
    await chart.locator("summary").press("Enter")
    await expect(chart.locator("table")).to_have_count(3)
    await expect(chart.locator("table").first).to_contain_text("212")
    assert await page.evaluate(OVERFLOW) <= 0
    assert await page.evaluate("document.querySelector('dialog').scrollWidth") <= width
    await shot(page, f"chart-table-{width}-{lang}")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_any_sensor_is_found_and_shows_thirty_days(
    visitor: Visitor, served: Served, lang: str
) -> None:
    month = "30 天" if lang == "zh-CN" else "30 d"
    now = datetime.now(UTC)
    points = [
        ((now - timedelta(minutes=10 * (4_300 - n))).timestamp(), 205 + 3 * sin(n / 300))
        for n in range(4_300)
    ]
    served.console.readings.points.clear()
    served.run(with_history(served, points))
    served.console.deps.part(Definitions).put_rule(a_rule())
    for width in (1920, 1366, 390):
        page = await visitor.open("o-district-b", lang=lang, width=width)
        await page.locator(".boards a[href='#sensors']").click()
        async with page.expect_response(lambda answer: "q=gauge-zhu" in answer.url):
            await page.get_by_role("searchbox").fill("gauge-zhu")
        link = page.locator("#sensor-list a")
        await expect(link).to_have_count(1)
        await link.press("Enter")
        chart = page.locator("#sensor .chart")
        await expect(chart).to_contain_text("朱沱(三)")
        await chart.get_by_role("button", name=month, exact=True).click()
        await expect(chart).to_contain_text(str(len(points)))
        await shot(page, f"sensors-{width}-{lang}")
        assert await page.evaluate(OVERFLOW) <= 0
