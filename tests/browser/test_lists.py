"""Lists and numbers of a centre: own pages first, nothing moves under a pointer, late units."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Route, expect

from deploy.example.units import all_units
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertState
from shared.contracts.fields import Level, Tier
from tests.browser.checks import OVERFLOW, unreadable
from tests.browser.conftest import (
    Served,
    Visitor,
    a_console,
    fill_console,
    shot,
    until_true,
)
from tests.browser.test_acts import sent
from tests.browser.test_boards import confirm, go
from tests.support.console_events import DISTRICT, SONGJI, ZHUTUO, a_page, an_alarm, an_alert

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
DISTRICTS = sum(unit.tier is Tier.DISTRICT for unit in all_units())
SIZES = ((1920, 1080), (1366, 768), (390, 844), (360, 640))
FIRST_ACTS = "#alerts .card >> nth=0 >> .acts button"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console of the module's own: other tests count its alerts and pages."""
    with a_console(fill_console) as running:
        yield running


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_first_board_shows_own_pages_and_the_first_alert_at_four_widths(
    visitor: Visitor, served: Served, lang: str
) -> None:
    page = a_page("o-district-b", DISTRICT, name="own", at=datetime.now(UTC))
    served.run(served.console.project([page]))
    screen = await visitor.open("o-district-b", lang=lang)
    own = screen.locator(f"#own-pages [data-focus='{page.page_id}-coming']")
    for width, height in SIZES:
        await screen.set_viewport_size({"width": width, "height": height})
        await own.wait_for()
        await screen.locator("#alerts .card").first.wait_for()
        await expect(screen.locator("#waiting-pages")).to_be_visible()
        await shot(screen, f"first-{width}-{lang}")
        assert await screen.evaluate(OVERFLOW) <= 0
        assert await unreadable(screen, f"{width}") == []
        tops = await screen.evaluate(
            "() => [...document.querySelectorAll('#board .panel:not([hidden])')]"
            ".map((panel) => panel.getBoundingClientRect().top)"
        )
        first = await screen.locator("#board .panel.own").evaluate(
            "(panel) => panel.getBoundingClientRect().top"
        )
        assert first == min(tops)
        await expect(own).to_be_in_viewport(ratio=0.99)
        if width > 800:
            for button in await screen.locator(FIRST_ACTS).all():
                await expect(button).to_be_in_viewport(ratio=0.99)


@pytest.mark.parametrize("status", ["Actual", "Exercise"])
async def test_the_screen_asks_once_for_the_number_of_own_pages(
    visitor: Visitor, served: Served, status: str
) -> None:
    own = [a_page("o-district-b", DISTRICT, name=f"own-{n}", at=datetime.now(UTC)) for n in (1, 2)]
    served.run(served.console.project(own))
    screen = await visitor.page()
    release = asyncio.Event()
    statuses: list[str] = []

    async def wait_to_continue(route: Route) -> None:
        statuses.append(parse_qs(urlsplit(route.request.url).query)["status"][0])
        await release.wait()
        await route.continue_()

    await screen.route("**/api/pages?*limit=1", wait_to_continue)
    await screen.goto(served.link("o-district-b"))
    await screen.locator("#board #alerts .card").first.wait_for()
    if status == "Exercise":
        release.set()
        await expect(screen.locator("#waiting-pages")).to_be_visible()
        release.clear()
        statuses.clear()
        await screen.get_by_role("button", name="演练", exact=True).click()
        await until_true(screen, "() => location.search.includes('Exercise')")
    await screen.locator(".boards a[href='#supervision']").click()
    await screen.locator("#lights .light").first.wait_for()
    expected = sorted({"Actual", status})
    async with asyncio.timeout(30):
        while len(statuses) < len(expected):
            await asyncio.sleep(0.05)
    release.set()
    badge = screen.locator("#waiting-pages")
    await screen.locator("#lights .light").first.wait_for()
    assert sorted(statuses) == expected
    if status == "Actual":
        await expect(badge).not_to_have_text("")
        assert int(await badge.inner_text()) >= 2


async def test_a_city_sees_its_districts_and_a_district_its_towns(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await expect(page.locator("#tiles .tile")).to_have_count(DISTRICTS)
    every = await page.locator("#alerts .card").count()
    await page.locator("#tiles .tile", has_text="永川").click()
    await expect(page.locator("#alerts-tail")).to_contain_text("永川区")
    await expect(page.locator("#alerts .card")).to_have_count(every)
    district = await visitor.open("o-district-b")
    await expect(district.locator("#tiles .tile", has_text="朱沱")).to_be_visible()


async def test_nothing_moves_under_the_pointer_and_a_press_sorts_new_alerts_in(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-district-b")
    card = page.locator("#alerts .card").nth(1)
    button = card.get_by_role("button").last
    await button.hover()
    before = await button.bounding_box()
    words = await card.inner_text()
    served.run(
        served.console.project(
            [
                an_alert(
                    "newcomer",
                    ZHUTUO,
                    state=AlertState.ISSUED,
                    level=Level.RED,
                    proposed=None,
                    headline="新来的红色预警",
                    score=100,
                )
            ]
        )
    )
    fresh = page.locator(".new-cards:visible")
    await expect(fresh).to_contain_text("1")
    await expect(page.locator("#alerts .card").last).to_contain_text("新来的红色预警")
    assert await page.locator("#alerts .card").nth(1).inner_text() == words
    after = await button.bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] == before["y"]
    await shot(page, "lists-new-card")
    await fresh.click()
    await expect(page.locator("#alerts .card").first).to_contain_text("新来的红色预警")
    await expect(page.locator(".new-cards:visible")).to_have_count(0)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_standing_and_ended_alarms_are_apart_and_found_by_words(
    visitor: Visitor, served: Served, lang: str
) -> None:
    ended = an_alarm(f"over {lang}", place=SONGJI).model_copy(
        update={"transition": AlarmTransition.CLEARED}
    )
    red = an_alarm(f"red {lang}", level=Level.RED, place=SONGJI)
    served.run(served.console.project([ended, red]))
    page = await visitor.open("o-city-b", lang=lang)
    await go(page, "alarms")
    standing, over = page.locator("#alarms tbody tr"), page.locator("#alarms-ended tbody tr")
    await over.first.wait_for()
    await expect(page.locator("#alarms .level.red").first).to_be_visible()
    assert await page.locator("#alarms-ended .level").count() == 0  # no colour at full strength
    every = await standing.count()
    await page.locator("[name=q]").fill("松溉")
    await until_true(page, f"() => document.querySelectorAll('#alarms tr').length < {every + 1}")
    for row in await standing.all():
        await expect(row).to_contain_text("松溉")
    await page.locator("select[name=level]").select_option("orange")
    await expect(page.locator("#alarms .empty")).to_be_visible()
    await shot(page, f"alarms-found-{lang}")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_late_units_are_grouped_named_with_a_number_and_urged_in_one_act(
    visitor: Visitor, served: Served, lang: str
) -> None:
    page = await visitor.open("o-district-b", lang=lang)
    await go(page, "supervision")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        line = page.locator("#supervision li", has_text="李远").first
        await line.wait_for()
        await expect(line.locator("a[href='tel:13800000001']")).to_be_visible()
        assert await page.evaluate(OVERFLOW) <= 0
        assert await unreadable(page, f"{width}") == []
        await shot(page, f"late-{width}-{lang}", full=width < 800)
    urged = len(sent(served, "command_request"))
    await page.locator("#late-commands [data-focus$='-urge']").first.click()
    await confirm(page, "催办" if lang == "zh-CN" else "Urge")
    await expect(page.locator("dialog")).to_have_count(0)
    requests = sent(served, "command_request")
    assert len(requests) <= urged + 1
    assert (requests[-1]["verb"], requests[-1]["within"]) == ("urge", DISTRICT)
    await page.locator("#supervision li a[href^='#command/']").first.click()
    await expect(page.locator("#drill-down .breadcrumbs [aria-current]")).to_be_visible()
    await expect(page.locator("#drill-down .card")).to_have_count(1)
