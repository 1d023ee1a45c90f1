"""An officer with several places picks one; lists, stream and address follow, own tasks stay their
own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from tests.browser.conftest import Served, Visitor, a_console
from tests.support.console_events import (
    CITY,
    DISTRICT,
    SONGJI,
    ZHUTUO,
    a_command,
    an_alert,
    an_assignment,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
OWN_HEADLINE, NEIGHBOUR_HEADLINE, LATER_HEADLINE = "朱沱水位超警", "松溉水位超警", "松溉大桥封闭"


async def two_towns(served: Served) -> None:
    """An alert and an order in each of two towns; the officer of one may look at the other."""
    now = datetime.now(UTC)
    await served.console.project(
        [
            an_alert("here", ZHUTUO, headline=OWN_HEADLINE, at=now),
            an_alert("there", SONGJI, headline=NEIGHBOUR_HEADLINE, at=now),
        ]
    )
    for town, title in ((ZHUTUO, "本镇巡查"), (SONGJI, "他镇巡查")):
        order = a_command(title, town, issuer=DISTRICT, at=now, title=title)
        await served.console.project([order, an_assignment(order, town)])
    grant = Grant(right=Right.SEE, unit=SONGJI)
    await change_grant(served.dsn, "o-town-b", grant, give=True)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console with that."""
    with a_console(two_towns) as running:
        yield running


async def test_the_header_selects_one_place_at_a_time(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-town-b")
    alerts, name = page.locator("#alerts .card h3"), page.locator("h1")
    await expect(alerts).to_have_text([OWN_HEADLINE])
    await expect(page.locator("#place option")).to_have_text(["朱沱镇", "松溉镇"])
    await page.select_option("#place", SONGJI)
    await expect(name).to_have_text("松溉镇")
    await expect(alerts).to_have_text([NEIGHBOUR_HEADLINE])
    assert f"place={SONGJI}" in page.url
    await page.wait_for_selector(".link.live")
    served.run(
        served.console.project(
            [an_alert("new", SONGJI, headline=LATER_HEADLINE, at=datetime.now(UTC))]
        )
    )
    await expect(alerts.filter(has_text=LATER_HEADLINE)).to_have_count(1)
    await page.reload()
    await expect(name).to_have_text("松溉镇")
    await expect(alerts.filter(has_text=NEIGHBOUR_HEADLINE)).to_have_count(1)
    await page.evaluate("() => { location.hash = 'command'; }")
    await expect(page.locator("#command-list .card h3")).to_have_text(["他镇巡查"])
    await expect(page.locator("#own-tasks .card h3")).to_have_text(["本镇巡查"])
    await page.click("#language")
    await expect(name).to_have_text("松溉镇")
    await page.select_option("#place", ZHUTUO)
    await expect(name).to_have_text("朱沱镇")
    await expect(page.locator("#command-list .card h3")).to_have_text(["本镇巡查"])
    assert "place" not in page.url


async def test_a_place_that_is_not_granted_is_not_looked_at(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-town-b")
    await page.goto(f"{served.url}/?place={CITY}")
    await expect(page.locator("h1")).to_have_text("朱沱镇")
    await expect(page.locator("#alerts .card h3")).to_have_text([OWN_HEADLINE])


async def test_an_officer_with_one_place_sees_no_selection(visitor: Visitor) -> None:
    page = await visitor.open("o-district-b")
    await page.wait_for_selector("#alerts .card")
    assert await page.locator("#place").count() == 0
