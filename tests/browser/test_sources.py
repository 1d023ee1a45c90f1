"""The tab of data sources: what each may send and was refused, and changes by keyboard alone."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from services.console.features.sources.source_parts import SourceParts
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.fields import DataGrade
from shared.contracts.sources import SourceDoor, SourceEntry
from tests.browser.admin_page import SCREENS, make_administrator, open_tab
from tests.browser.checks import CUT, OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, shot
from tests.component.console.test_sources import entry_of, put, requests_of
from tests.support.console_events import CITY, DISTRICT, ZHUTUO
from tests.support.sources import a_key, a_source_entry
from tests.unit.console.test_source_views import a_refusal

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
HOSTILE = "<img src=x onerror=alert(1)> \u202e朱沱" + "长" * 120


@pytest.fixture(scope="module", autouse=True)
def filled(served: Served) -> Iterator[None]:
    """Fill the catalogue with sources, one with refusals, one that has ended."""
    make_administrator(served)
    put(
        served.console,
        a_source_entry("gauges", "first-key", name="水文监测平台", owner=CITY, per_minute=6000),
        a_source_entry("old-gateway", name="旧网关", owner=DISTRICT, ended=True),
        a_source_entry("weather", name="气象局", owner=DISTRICT, doors=(SourceDoor.WARNINGS,)),
    )
    refusals = served.console.deps.part(SourceParts).refusals
    now = datetime.now(UTC)
    refusals.add(1, a_refusal(now, 2, detail="unit: cm is not the unit of zhutuo-3"))
    refusals.add(
        2,
        a_refusal(
            now - timedelta(minutes=9),
            5,
            problem="unknown_sensor",
            subject_id="a-9",
            detail=HOSTILE,
        ),
    )
    yield
    for name in ("gauges", "old-gateway", "weather"):
        served.console.deps.part(SourceParts).book.remove(f"source:{name}")


async def request_of(served: Served, count: int) -> CatalogRequest:
    """Wait for the request number `count` to the ledger."""
    while len(requests_of(served.console)) < count:
        await asyncio.sleep(0.05)
    return requests_of(served.console)[-1]


async def changed(page: Page, served: Served, verb: str, count: int) -> SourceEntry:
    """Open the dialog of a change, give the reason, send it, and return the entry requested."""
    await page.locator(f"[data-focus='source-{verb}']").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    await dialog.locator("[name=reason]").fill("年度检查")
    if verb == "revoke":
        await dialog.locator("[name=typed]").fill("gauges")
    await dialog.locator("[type=submit]").focus()
    await page.keyboard.press("Enter")
    entry = entry_of(await request_of(served, count))
    await expect(dialog).to_have_count(0)
    return entry


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_tab_is_readable_on_every_screen(
    visitor: Visitor, served: Served, lang: str
) -> None:
    for width, height in SCREENS:
        page = await open_tab(visitor, served, "sources/gauges", lang=lang, width=width)
        await page.set_viewport_size({"width": width, "height": height})
        await page.locator("#source-list .card").nth(2).wait_for()
        await expect(page.locator("#source-refusals li")).to_have_count(2)
        await shot(page, f"sources-tab-{width}-{lang}", full=width < 1000)
        assert await page.evaluate(OVERFLOW) <= 0, width
        assert await page.evaluate(CUT) == [], width
        assert await unreadable(page, f"sources {width}") == []


async def test_refusals_are_shown_as_text(visitor: Visitor, served: Served) -> None:
    page = await open_tab(visitor, served, "sources/gauges")
    refusals = page.locator("#source-refusals")
    await expect(refusals).to_contain_text("设备未编目")
    await expect(refusals).to_contain_text("<img src=x")
    assert await refusals.locator("img").count() == 0


async def test_a_source_is_made_by_keyboard_alone_and_its_key_is_shown_once(
    visitor: Visitor, served: Served
) -> None:
    page = await open_tab(visitor, served, "sources")
    await page.locator("[data-focus='new-source']").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    await dialog.locator("[name=source]").fill("rain-network")
    await dialog.locator("[name=name]").fill("雨量监测平台")
    await dialog.locator("[name=sensors]").fill("rain-*\ngauge-1，gauge-2")
    await dialog.locator("[name=per_minute]").fill("6000")
    await dialog.locator("[name=reason]").fill("接入雨量站")
    await shot(page, "sources-new")
    before = len(requests_of(served.console))
    await dialog.locator("[type=submit]").focus()
    await page.keyboard.press("Enter")
    entry = entry_of(await request_of(served, before + 1))
    assert entry.source == "rain-network"
    assert entry.sensors == ("rain-*", "gauge-1", "gauge-2")
    assert entry.doors == (SourceDoor.READINGS,)
    assert (entry.owner, entry.places, entry.per_minute) == (CITY, (CITY,), 6000)
    key = (await page.locator("#source-key").inner_text()).strip()
    assert hashlib.sha256(key.encode()).hexdigest() == entry.key_hashes[0].sha256
    await shot(page, "sources-key")
    await page.reload()
    await page.locator("#source-list .card").first.wait_for()
    assert key not in await page.content()


async def test_limits_keys_and_the_end_of_a_source_are_requests(
    visitor: Visitor, served: Served
) -> None:
    page = await open_tab(visitor, served, "sources/gauges")
    count = len(requests_of(served.console))
    limits = await changed(page, served, "limit", count + 1)
    assert (limits.owner, limits.places, limits.per_minute) == (CITY, ("*",), 6000)
    assert limits.doors == tuple(SourceDoor)
    assert (limits.grade, limits.key_hashes) == (DataGrade.GENERAL, (a_key("first-key"),))
    further = await changed(page, served, "rotate", count + 2)
    assert len(further.key_hashes) == 2
    await expect(page.locator("#source-key")).to_have_count(1)
    end = await changed(page, served, "revoke", count + 3)
    assert end.ended
    await expect(page.locator("#source-report")).to_contain_text("已提交")


async def test_places_are_chosen_unit_by_unit(visitor: Visitor, served: Served) -> None:
    page = await open_tab(visitor, served, "sources/weather")
    await page.locator("[data-focus='source-limit']").click()
    dialog = page.locator("dialog")
    steps = dialog.locator(".unit-picker").last.locator("select")
    await steps.first.select_option(DISTRICT)
    await steps.nth(1).select_option(ZHUTUO)
    await dialog.get_by_role("button", name="加入所选单位").click()
    await dialog.locator("[name=reason]").fill("只收朱沱镇")
    await shot(page, "sources-places")
    count = len(requests_of(served.console))
    await dialog.locator("[type=submit]").click()
    entry = entry_of(await request_of(served, count + 1))
    assert entry.places == (ZHUTUO,)
    assert entry.owner == DISTRICT


async def test_a_source_that_has_ended_begins_again(visitor: Visitor, served: Served) -> None:
    page = await open_tab(visitor, served, "sources/old-gateway")
    await expect(page.locator("#source-facts")).to_contain_text("已停用")
    await page.locator("[data-focus='source-begin']").click()
    dialog = page.locator("dialog")
    await dialog.locator("[name=reason]").fill("更换设备后恢复")
    count = len(requests_of(served.console))
    await dialog.locator("[type=submit]").click()
    entry = entry_of(await request_of(served, count + 1))
    assert (entry.source, entry.ended, len(entry.key_hashes)) == ("old-gateway", False, 1)
    await expect(page.locator("#source-key")).to_have_count(1)
