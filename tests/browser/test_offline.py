"""The phone without a line: what was done is kept, shown as not sent, and sent once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from shared.contracts.fields import Level
from shared.contracts.pages import SubjectKind
from tests.browser.checks import OVERFLOW
from tests.browser.conftest import Host, Served, Visitor, fill_console, shot
from tests.browser.test_acts import sent
from tests.support.console_events import GRID, VILLAGE, a_command, a_page, an_assignment
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


BULK_WORDS = {
    "zh-CN": {
        "kept": "没有连接",
        "unsent": "未发送：签收",
        "sent": "签收",
        "lost": "未被接受：签收",
    },
    "en": {"kept": "No line", "unsent": "Not sent: Sign", "sent": "Sign", "lost": "accepted: Sign"},
}


def grid_tasks(console: Served) -> list[str]:
    """Give a village and one of its grids a task each, and return their ids."""
    order = a_command("many", recipients=2, title="点验沙袋 ‖ Count the sandbags")
    assignments = [an_assignment(order, unit) for unit in (VILLAGE, GRID)]
    console.run(console.console.project([order, *assignments]))
    return sorted(assignment.assignment_id for assignment in assignments)


async def open_bulk(officer: Visitor, lang: str = "zh-CN") -> Page:
    """Return the phone of the village with its tasks and those of its grids."""
    page = await officer.open("o-village-b", phone=True, lang=lang)
    await page.click("#tab-assignments")
    await page.locator("#scope input").check()
    await expect(tasks(page)).to_have_count(2)
    await page.wait_for_selector(".link.live")
    return page


def tasks(page: Page) -> Any:
    return page.locator("#list .card", has_text="点验沙袋").or_(
        page.locator("#list .card", has_text="sandbags")
    )


def signed(console: Served, ids: list[str]) -> list[str]:
    """Return the assignments among `ids` that were signed, each as often as it counts."""
    rows = sent(console, "acknowledgement")
    assert {row["step"] for row in rows} <= {"sign"}
    return sorted(row["assignment_id"] for row in rows if row["assignment_id"] in ids)


@pytest.mark.parametrize("lang", BULK_WORDS)
async def test_a_step_on_many_without_a_line_is_kept_shown_and_sent_once(
    officer: Visitor, console: Served, lang: str
) -> None:
    words, ids = BULK_WORDS[lang], grid_tasks(console)
    page = await open_bulk(officer, lang)
    await cut(page, off=True)
    await page.click("#bulk-sign")
    dialog = page.locator("dialog")
    await expect(dialog.locator(".bulk-list")).to_contain_text(words["kept"])
    count = await dialog.locator("input:checked").count()
    assert count >= len(ids)
    await shot(page, f"phone-bulk-offline-{lang}")
    assert await page.evaluate(OVERFLOW) <= 0
    await dialog.locator("button[type=submit]").click()
    await expect(dialog).to_have_count(0)
    await expect(tasks(page).locator(".unsent")).to_contain_text([words["unsent"]] * 2)
    await expect(page.locator("#unsent")).to_contain_text(str(count))
    await shot(page, f"phone-bulk-unsent-{lang}", full=True)
    assert signed(console, ids) == []
    await page.click("#bulk-sign")
    await expect(dialog.locator(".bulk-list")).to_contain_text(words["kept"])
    await expect(dialog.locator("input")).to_have_count(0)
    await page.keyboard.press("Escape")
    for off in (False, True, False):  # back, gone again at once, back
        await cut(page, off=off)
    await expect(tasks(page).locator(".sent")).to_contain_text([words["sent"]] * 2, timeout=90_000)
    await expect(page.locator(".unsent")).to_have_count(0, timeout=90_000)
    assert signed(console, ids) == ids


async def test_a_step_on_many_whose_answer_was_lost_counts_once(
    officer: Visitor, console: Served
) -> None:
    ids = grid_tasks(console)
    page = await open_bulk(officer)

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/api/assignments/acknowledgements", lose)
    await page.click("#bulk-sign")
    dialog = page.locator("dialog")
    await dialog.locator("input").first.wait_for()
    assert signed(console, ids) == []
    await dialog.locator("button[type=submit]").click()
    await expect(dialog).to_have_count(0)
    await expect(tasks(page).locator(".sent")).to_have_count(2)
    await expect(page.locator("#unsent .problem")).to_have_count(0)
    assert signed(console, ids) == ids


@pytest.mark.parametrize("lang", BULK_WORDS)
async def test_each_refused_step_of_many_says_so_with_its_unit(
    officer: Visitor, console: Served, lang: str
) -> None:
    ids = grid_tasks(console)
    page = await open_bulk(officer, lang)
    await cut(page, off=True)
    await page.click("#bulk-sign")
    await page.locator("dialog input").first.wait_for()
    await page.locator("dialog button[type=submit]").click()
    await expect(tasks(page).locator(".unsent")).to_have_count(2)
    console.run(withdraw(console, "o-village-b", "command"))
    console.console.deps.sessions.forget_officer("o-village-b")  # else remembered for 10 s
    await cut(page, off=False)
    title = {"zh-CN": "点验沙袋", "en": "Count the sandbags"}[lang]
    lost = page.locator("#unsent .problem", has_text=title)
    await expect(lost).to_have_count(2, timeout=90_000)
    await expect(lost.first).to_contain_text(BULK_WORDS[lang]["lost"])
    places = [console.console.deps.names.unit(unit) for unit in (VILLAGE, GRID)]
    for place in places:
        await expect(page.locator("#unsent")).to_contain_text(place)
    await shot(page, f"phone-bulk-refused-{lang}", full=True)
    assert await page.evaluate(OVERFLOW) <= 0
    assert signed(console, ids) == []


async def test_the_words_of_a_refused_act_change_with_the_language(
    officer: Visitor, console: Served
) -> None:
    (sign, _), headline = grid_tasks(console), ("河堤漏水", "The dyke leaks")
    record = a_page(
        "o-village-b",
        VILLAGE,
        name="both languages",
        subject=SubjectKind.ALERT,
        level=Level.RED,
        at=datetime.now(UTC),
        headline=" ‖ ".join(headline),
        text="请到场。 ‖ Please come.",
    )
    console.run(console.console.project([record]))
    page = await officer.open("o-village-b", phone=True)

    async def refuse(route: Route) -> None:
        if route.request.headers.get("idempotency-key") is None:  # a receipt of the device
            await route.continue_()
        else:
            await route.fulfill(status=409, json={"title": "no", "reason": "act_conflict"})

    for path in ("pages/*/answers", "assignments/*/acknowledgements"):
        await page.route(f"**/api/{path}", refuse)
    await page.locator(f"[data-focus='{record.page_id}-coming']").click()
    await page.click("#tab-assignments")
    await page.locator("#scope input").check()
    await page.locator(f"[data-focus='{sign}-sign']").click()
    await page.locator("dialog").get_by_role("button", name="签收").click()
    lost = page.locator("#unsent .problem")
    zh, en = (headline[0], "点验沙袋"), (headline[1], "Count the sandbags")
    await expect(lost).to_contain_text(zh)
    await page.click("#language")
    await expect(lost).to_contain_text(en)
    await page.reload()
    await expect(lost).to_contain_text(en)
    await page.click("#language")
    await expect(lost).to_contain_text(zh)


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
