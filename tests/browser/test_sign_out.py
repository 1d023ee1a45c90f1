"""Who has signed out is shown the gate, and the page asks the server for nothing more."""

from __future__ import annotations

import pytest
from playwright.async_api import Request

from tests.browser.conftest import Served, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
LATER_MS = 60_000
"""Longer than every refresh, every wait for the stream, and what a silent stream is given."""


@pytest.mark.parametrize("phone", [False, True])
async def test_a_page_that_has_signed_out_is_silent(
    visitor: Visitor, served: Served, phone: bool
) -> None:
    page = await visitor.page(phone=phone)
    await page.clock.install()
    await page.goto(served.link("o-village-b", phone=phone))
    await page.wait_for_selector(".link.live")
    asked: list[str] = []

    def note(request: Request) -> None:
        address = request.url.removeprefix(served.url)
        if address.startswith("/api/"):
            asked.append(address)

    page.on("request", note)
    async with page.expect_response("**/api/logout"):
        await page.get_by_role("button", name="退出").click()
    await page.get_by_role("heading", name="请先登录").wait_for()
    for _ in range(3):
        await page.clock.fast_forward(LATER_MS)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.evaluate("location.hash = '#command'")
        await page.wait_for_timeout(200)
    assert asked[asked.index("/api/logout") + 1 :] == []
