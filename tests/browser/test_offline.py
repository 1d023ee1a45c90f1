"""The phone without a line: what was done is kept, shown as not sent, and sent once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.checks import OVERFLOW
from tests.browser.conftest import Host, Served, Visitor, fill_console, shot
from tests.browser.test_acts import sent
from tests.support.postgres import fresh_database

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WORDS = {
    "zh-CN": {"coming": "能到岗", "unsent": "未发送：能到岗", "offline": "断线", "sent": "能到岗"},
    "en": {
        "coming": "Coming",
        "unsent": "Not sent: Coming",
        "offline": "offline",
        "sent": "Coming",
    },
}


@pytest.fixture
def host() -> Iterator[Host]:
    with fresh_database() as dsn:
        running = Host(dsn)
        yield running
        running.stop()


@pytest.fixture
def console(host: Host) -> Served:
    """A console of the test's own: what one test sends is not there for the next."""
    result = host.start()
    result.run(fill_console(result))
    return result


@pytest_asyncio.fixture(loop_scope="module")
async def officer(browser: Browser, console: Served) -> AsyncIterator[Visitor]:
    """A visitor whose browser complained about nothing but the missing line."""
    visitor = Visitor(browser, console)
    yield visitor
    await visitor.close()
    assert [
        complaint for complaint in visitor.complaints if "Failed to load resource" not in complaint
    ] == []


def answers_of(served: Served, verb: str) -> int:
    """Count the real answers of this verb that the server has published."""
    return len(
        [row for row in sent(served, "answer") if (row["verb"], row["status"]) == (verb, "Actual")]
    )


async def cut(page: Page, *, off: bool) -> None:
    await page.context.set_offline(off)


def real(page: Page) -> Any:
    return page.locator("#first .card:not(.drill)").first


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_an_answer_without_a_line_is_kept_shown_and_sent_once(
    officer: Visitor, console: Served, lang: str
) -> None:
    words = WORDS[lang]
    page = await officer.open("o-town-b", phone=True, lang=lang)
    await real(page).wait_for()
    await page.wait_for_selector(".link.live")  # else the first heartbeat may follow the cut
    await cut(page, off=True)
    await expect(page.locator("#link")).to_have_text(words["offline"])
    await real(page).get_by_role("button", name=words["coming"], exact=True).click()
    await expect(real(page).locator(".unsent")).to_contain_text(words["unsent"])
    await expect(page.locator("#unsent")).to_contain_text("1")
    await expect(real(page).get_by_role("button", name=words["coming"], exact=True)).to_have_count(
        0
    )
    await shot(page, f"phone-unsent-{lang}", full=True)
    assert await page.evaluate(OVERFLOW) <= 0
    assert answers_of(console, "coming") == 0
    for off in (False, True, False):  # back, gone again at once, back
        await cut(page, off=off)
    await expect(page.locator("#rest .sent").first).to_contain_text(words["sent"], timeout=90_000)
    await expect(page.locator(".unsent")).to_have_count(0)
    await expect(page.locator("#link")).to_have_class("link tail live", timeout=90_000)
    assert answers_of(console, "coming") == 1


async def test_a_stored_act_outlives_the_tab_and_another_officers_session(
    officer: Visitor, console: Served
) -> None:
    page = await officer.open("o-town-b", phone=True)
    await real(page).wait_for()
    await page.wait_for_selector(".link.live")  # else the first heartbeat may follow the cut
    await cut(page, off=True)
    await real(page).get_by_role("button", name="能到岗", exact=True).click()
    await expect(real(page).locator(".unsent")).to_be_visible()
    context = page.context
    await page.close()
    await context.set_offline(False)

    other_page = await context.new_page()
    await other_page.goto(console.link("o-songji-b", phone=True))
    await other_page.wait_for_selector(".link.live")
    await expect(other_page.locator(".unsent")).to_have_count(0)
    assert answers_of(console, "coming") == 0, "nobody sends an act in another name"

    new_tab = await context.new_page()
    await new_tab.goto(console.link("o-town-b", phone=True))
    await expect(new_tab.locator("#rest .sent").first).to_contain_text("能到岗")
    (answer,) = [row for row in sent(console, "answer") if row["verb"] == "coming"]
    assert answer["officer_id"] == "o-town-b"


async def test_an_act_whose_answer_was_lost_counts_once(officer: Visitor, console: Served) -> None:
    page = await officer.open("o-town-b", phone=True)
    await real(page).wait_for()
    tries: list[str] = []

    async def lose_the_first(route: Route) -> None:
        key = route.request.headers.get("idempotency-key")
        if key is None:  # a receipt of the device
            await route.continue_()
            return
        tries.append(key)
        if len(tries) > 1:
            await route.continue_()
            return
        await route.fetch()
        await route.abort()

    await page.route("**/api/pages/*/answers", lose_the_first)
    await real(page).get_by_role("button", name="能到岗", exact=True).click()
    await expect(page.locator("#rest .sent").first).to_be_visible()
    assert len(tries) == 2
    assert len(set(tries)) == 1
    assert answers_of(console, "coming") == 1


async def test_a_stored_act_waits_for_a_restarted_server(
    officer: Visitor, host: Host, console: Served
) -> None:
    page = await officer.open("o-town-b", phone=True)
    await real(page).wait_for()
    host.stop()
    await expect(page.locator("#link")).to_have_text("断线", timeout=90_000)
    await real(page).get_by_role("button", name="不能到岗", exact=True).click()
    await expect(real(page).locator(".unsent")).to_contain_text("不能")
    restarted = host.start()
    await expect(page.locator("#rest .sent").first).to_contain_text("不能", timeout=90_000)
    await expect(page.locator("#link")).to_have_text("实时", timeout=90_000)
    assert answers_of(console, "cannot") == 0
    assert answers_of(restarted, "cannot") == 1


async def test_a_refused_act_is_shown_with_its_reason_until_it_is_read(
    officer: Visitor, console: Served
) -> None:
    page = await officer.open("o-town-b", phone=True)
    await page.click("#tab-assignments")
    await page.wait_for_selector(".link.live")
    await cut(page, off=True)
    await page.locator("#first").get_by_role("button", name="签收").first.click()
    await page.locator("dialog").get_by_role("button", name="签收").click()
    await expect(page.locator("#first .unsent")).to_contain_text("签收")
    console.run(withdraw(console, "o-town-b", "command"))
    console.console.deps.sessions.forget_officer("o-town-b")  # else remembered for 10 s
    await cut(page, off=False)
    lost = page.locator("#unsent .problem")
    await expect(lost).to_contain_text("未被接受：签收", timeout=90_000)
    await shot(page, "phone-refused", full=True)
    await page.reload()
    await expect(lost).to_contain_text("未被接受：签收")
    await lost.get_by_role("button", name="知道了").click()
    await expect(lost).to_have_count(0)
    await page.reload()
    await page.wait_for_selector(".link.live")
    await expect(lost).to_have_count(0)
    assert sent(console, "acknowledgement") == []


async def withdraw(served: Served, officer: str, power: str) -> None:
    async with served.console.deps.database.transaction() as work:
        await work.connection.execute(
            "DELETE FROM console.officer_grant WHERE officer_id = $1 AND granted_right = $2",
            officer,
            power,
        )


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_splitting_asking_and_returning_work_with_a_thumb(
    officer: Visitor, console: Served, lang: str
) -> None:
    words = {
        "zh-CN": (("拆分下派", None), ("申请延期", "原因"), ("申请挂起", "原因"), ("退回", "原因")),
        "en": (
            ("Split", None),
            ("Ask for time", "Reason"),
            ("Ask to suspend", "Reason"),
            ("Return", "Reason"),
        ),
    }[lang]
    steps = ("split", "ask_extend", "ask_suspend", "return")
    for (button, reason), step in zip(words, steps, strict=True):
        page = await officer.open("o-songji-b", phone=True, lang=lang)
        await page.click("#tab-assignments")
        more = page.locator("details.more").first
        await more.locator("summary").click()
        await more.get_by_role("button", name=button, exact=True).click()
        dialog = page.locator("dialog")
        if reason:
            await dialog.get_by_label(reason).fill("道路中断")
        else:
            await dialog.locator("[name=receiver]").first.check()
        await shot(page, f"phone-{step}-{lang}")
        assert await page.evaluate(OVERFLOW) <= 0
        await dialog.get_by_role("button", name=button, exact=True).click()
        await expect(dialog).to_have_count(0)
        await expect(page.locator("#rest .sent, #first .sent").first).to_be_visible()
        assert sent(console, "acknowledgement")[-1]["step"] == step
        await page.close()
