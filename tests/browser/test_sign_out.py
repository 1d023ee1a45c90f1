"""A signed-out officer sees the gate at once, and the page only asks the server whether it knows of
this.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page, Request, Response, expect

from tests.browser.conftest import Served, Visitor, shot
from tests.browser.test_acts import sent

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
    addresses: list[str] = []

    def note(request: Request) -> None:
        address = request.url.removeprefix(served.url)
        if address.startswith("/api/"):
            addresses.append(address)

    page.on("request", note)
    async with page.expect_response("**/api/logout"):
        await page.get_by_role("button", name="退出").click()
    await page.get_by_role("heading", name="请先登录").wait_for()
    for _ in range(3):
        await page.clock.fast_forward(LATER_MS)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.evaluate("location.hash = '#command'")
        await page.wait_for_timeout(200)
    assert addresses[addresses.index("/api/logout") + 1 :] == []
    await page.get_by_role("link", name="用密码登录").click()
    await expect(page).to_have_url(f"{served.url}/login?next={'/m' if phone else '/'}")


async def sessions(served: Served) -> int:
    async with served.console.deps.database.transaction() as work:
        result = await work.connection.fetchval(
            "SELECT count(*) FROM console.session WHERE officer_id = 'o-village-b'"
        )
    return int(result)


VISIBLE_TEXT = "document.title + document.body.innerText"
OF_THE_OFFICER = ("吴德", "围子山", "朱沱镇")
"""Name and places of o-village-b."""


async def shows_nothing_of(page: Page) -> None:
    await page.get_by_role("heading", name="请先登录").wait_for()
    visible_text = await page.evaluate(VISIBLE_TEXT)
    assert [name for name in OF_THE_OFFICER if name in visible_text] == []
    assert await page.locator("dialog, .card").count() == 0


@pytest.mark.parametrize("phone", [False, True])
async def test_a_sign_out_without_a_connection_is_sent_once_afterwards(
    troubled: Visitor, served: Served, phone: bool
) -> None:
    page = await troubled.open("o-village-b", phone=phone)
    visible_text = await page.evaluate(VISIBLE_TEXT)
    assert any(name in visible_text for name in OF_THE_OFFICER)
    before = served.run(sessions(served))
    statuses: list[int] = []

    def note(response: Response) -> None:
        if response.url.endswith("/api/logout"):
            statuses.append(response.status)

    page.on("response", note)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="退出").click()
    await shows_nothing_of(page)
    await expect(page.locator("#leaving")).to_contain_text("线路恢复后")
    await shot(page, f"sign-out-offline-{'phone' if phone else 'wall'}")
    assert served.run(sessions(served)) == before
    for off in (False, True, False):  # back, gone again at once, back
        await page.context.set_offline(off)
    await expect(page.locator("#leaving")).to_be_empty(timeout=90_000)
    assert served.run(sessions(served)) == before - 1
    await shows_nothing_of(page)
    await page.wait_for_timeout(1_500)  # a second try would have come by then
    assert statuses == [200]


async def test_a_sign_out_outlives_the_tab_and_holds_for_other_tabs(
    troubled: Visitor, served: Served
) -> None:
    page = await troubled.open("o-village-b", phone=True)
    beside = await page.context.new_page()
    await beside.goto(f"{served.url}/")
    await beside.wait_for_selector(".link.live")
    before = served.run(sessions(served))
    await page.context.set_offline(True)
    await page.get_by_role("button", name="退出").click()
    await shows_nothing_of(page)
    await shows_nothing_of(beside)
    context = page.context
    await page.close()
    await beside.close()
    await context.set_offline(False)
    new_tab = await context.new_page()
    await new_tab.goto(f"{served.url}/m")
    await shows_nothing_of(new_tab)
    await expect(new_tab.locator("#leaving")).to_be_empty()
    assert served.run(sessions(served)) == before - 1
    # Signed in anew: that is another session, and nobody ends it.
    await new_tab.goto(served.link("o-village-b", phone=True))
    await new_tab.wait_for_selector(".link.live")
    await new_tab.reload()
    await new_tab.wait_for_selector(".link.live")


async def test_an_act_is_not_sent_in_the_name_of_an_officer_of_another_tab(
    troubled: Visitor, served: Served
) -> None:
    page = await troubled.open("o-town-b", phone=True)
    card = page.locator("#first .card:not(.drill)").first
    await card.wait_for()
    answers = "**/api/pages/*/answers"
    await page.route(answers, lambda route: route.abort())
    await card.get_by_role("button", name="能到岗", exact=True).click()
    await expect(card.locator(".unsent")).to_be_visible()
    other_page = await page.context.new_page()
    await other_page.goto(served.link("o-songji-b", phone=True))
    await other_page.wait_for_selector(".link.live")
    before = len(sent(served, "answer"))
    await page.unroute(answers)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await page.get_by_role("heading", name="请先登录").wait_for()
    acts = sent(served, "answer")[before:]
    assert [act for act in acts if act["verb"] == "coming"] == []
