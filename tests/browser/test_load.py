"""The load of a place on the board of cases: as charts and as a table; empty, failed, old."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Route, expect

from services.console.features.sensors import queries as sensor_queries
from services.console.features.sensors.history_points import HourOfPlace
from tests.browser.conftest import Served, Visitor, shot
from tests.browser.test_charts import OVERFLOW, SIZES
from tests.support.console_events import VILLAGE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WORDS = {
    "zh-CN": ("工作负荷", "每起事件的告警", "每日数字", "被叫应人员"),
    "en": ("Load", "Alarms per incident", "Numbers by day", "officers were paged"),
}


async def with_load(served: Served) -> None:
    """Add four weeks of readings, alarms and pages."""
    now = datetime.now(UTC)
    hour = int(now.timestamp()) // 3_600
    readings = {
        HourOfPlace(VILLAGE, "Actual", hour - age): 40_000 + 700 * (age % 24)
        for age in range(28 * 24)
    }
    async with served.console.deps.database.transaction() as work:
        await sensor_queries.count_readings(work.connection, readings)
        for figure, count in (("alarms", 5), ("incidents", 1), ("pages", 3)):
            moments = [now - timedelta(hours=7 * number) for number in range(90)]
            await work.connection.execute(
                "SELECT console.add_load($1, array_fill($2::text, ARRAY[90]), "
                "array_fill('Actual'::text, ARRAY[90]), $3::timestamptz[], "
                "array_fill('threshold'::text, ARRAY[90]), array_fill('blue'::text, ARRAY[90]), "
                "$4::bigint[])",
                figure,
                VILLAGE,
                moments,
                [count * (1 + number % 4) for number in range(90)],
            )


@pytest.fixture(scope="module")
def filled(served: Served) -> Served:
    """Return the console with a load of four weeks."""
    served.run(with_load(served))
    return served


@pytest.mark.parametrize("width", [1920, 1366, 390])
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_load_has_charts_and_a_table(
    visitor: Visitor, filled: Served, lang: str, width: int
) -> None:
    title, ratio, numbers, officers = WORDS[lang]
    page = await visitor.open("o-city-a", lang=lang, width=width)
    await page.evaluate("location.hash = 'cases'")
    panel = page.get_by_role("region", name=title)
    await expect(panel.get_by_role("img")).to_have_count(4)
    await expect(panel).to_contain_text(ratio)
    await expect(panel).to_contain_text(officers)
    for drawing in await panel.get_by_role("img").all():
        assert (await drawing.get_attribute("aria-label") or "").count(":") >= 1
        if width == 1920:
            assert min(await drawing.evaluate(SIZES)) >= 14, "legible from three metres"
    await panel.scroll_into_view_if_needed()
    await shot(page, f"load-{width}-{lang}", full=True)
    await panel.get_by_text(numbers).first.press("Enter")
    await expect(panel.locator("details tbody tr")).to_have_count(28)
    assert await page.evaluate(OVERFLOW) <= 0
    link = page.locator("#week-get")
    last_week = await page.locator("select[name=week] option").nth(1).get_attribute("value")
    await page.select_option("select[name=week]", last_week)
    await expect(link).to_have_attribute("href", re.compile(f"week={last_week}"))
    if width == 1920:
        address = filled.url + (await link.get_attribute("href") or "")
        answer = await page.request.get(address)
        assert answer.headers["content-type"] == "application/pdf"


async def test_empty_failed_and_old_look_different(troubled: Visitor, filled: Served) -> None:
    page = await troubled.open("o-city-a")
    mode = "fail"

    async def answer(route: Route) -> None:
        if mode == "fail":
            await route.abort()
            return
        response = await route.fetch()
        body: dict[str, Any] = await response.json()
        if mode == "empty":
            body |= {"days": [], "since": None}
        await route.fulfill(response=response, body=json.dumps(body))

    await page.route("**/api/load*", answer)
    await page.evaluate("location.hash = 'cases'")
    panel = page.get_by_role("region", name="工作负荷")
    await expect(panel.locator(".reading.failed")).to_be_visible()
    await expect(panel.locator(".empty")).to_have_count(0)
    mode = "empty"
    await expect(panel.locator(".empty")).to_contain_text("尚未统计")
    await expect(panel.locator(".reading")).to_be_hidden()
    mode = "fail"
    await expect(panel.locator(".reading.stale")).to_be_visible()
