"""On the phone: the urgent first whatever else came, and nothing moves under a thumb."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from shared.contracts.fields import Level
from shared.contracts.pages import PageState
from tests.browser.conftest import Served, Visitor, shot, until_true
from tests.support.console_events import SONGJI, a_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
_TOP = "(id) => document.querySelector(`[data-focus='${id}-coming']`).getBoundingClientRect().top"


async def top(page: Page, page_id: str) -> float:
    result: float = await page.evaluate(_TOP, page_id)
    return result


def many(number: int, first: datetime, **change: Any) -> Any:
    """One of the blue pages of an officer who has many."""
    at = first + timedelta(seconds=number)
    return a_page("o-songji-b", SONGJI, name=f"blue {number}", level=Level.BLUE, at=at, **change)


async def test_the_oldest_red_page_stands_first(visitor: Visitor, served: Served) -> None:
    now = datetime.now(UTC) - timedelta(hours=1)  # before all that this officer has
    red = a_page(
        "o-songji-b", SONGJI, name="old red", level=Level.RED, headline="红色旧呼叫", at=now
    )
    newer = [many(n, now) for n in range(1, 140)]
    served.run(served.console.project([red, *newer]))
    page = await visitor.open("o-songji-b", phone=True)
    await expect(page.locator("#first .card").first).to_contain_text("红色旧呼叫")
    # The number has those that were not read yet, too.
    await until_true(page, "() => Number(document.querySelector('#badge-pages').innerText) >= 140")
    before = await page.locator("#first .card").count()
    await shot(page, "phone-many-pages")
    await page.locator("#more-pages button").click()
    await page.locator("#first .card").nth(max(before, 139)).wait_for()
    # The night goes on for other tests: what came here is over.
    over = [many(n, now, version=2, state=PageState.WITHDRAWN) for n in range(1, 140)]
    withdrawn = red.model_copy(
        update={"id": f"{red.id}-2", "version": 2, "state": PageState.WITHDRAWN}
    )
    served.run(served.console.project([withdrawn, *over]))


async def test_a_new_page_moves_no_card_under_a_thumb(visitor: Visitor, served: Served) -> None:
    now = datetime.now(UTC)
    pressed = a_page("o-village-b", SONGJI, name="held", level=Level.BLUE, at=now)
    served.run(served.console.project([pressed]))
    page = await visitor.open("o-village-b", phone=True)
    await page.locator(f"[data-focus='{pressed.page_id}-coming']").wait_for()
    where = await top(page, pressed.page_id)
    graver = [
        a_page(
            "o-village-b",
            SONGJI,
            name=f"red {n}",
            level=Level.RED,
            headline=f"红色新呼叫 {n}",
            at=now,
        )
        for n in range(2)
    ]
    await page.locator("#first .card").first.locator("h3").click()
    served.run(served.console.project(graver))
    fresh = page.locator("#fresh")
    await expect(fresh).to_have_text("新来 2 条，点此查看")
    assert await top(page, pressed.page_id) == where
    await shot(page, "phone-held")
    await fresh.click()
    await expect(page.locator("#first .card").first).to_contain_text("红色新呼叫")
    await expect(fresh).to_be_hidden()
