"""The boards behind the first one: each action leads to the right record, each fits and speaks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from shared.contracts.alerts import AlertState
from shared.contracts.fields import Level
from tests.browser.checks import ASIDE, CUT, OVERFLOW
from tests.browser.conftest import Served, Visitor, shot
from tests.browser.test_acts import sent
from tests.support.console_events import DISTRICT, an_alert

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
BOARDS = {
    "alarms": "#sensors li",
    "sensors": "#sensor-list li",
    "command": "#drill-down table.below",
    "supervision": "#lights .light",
    "duty": "#gaps li",
    "reports": "#report-duties .card",
    "modes": "#propose",
    "drills": "#drills-running .card",
    "cases": "#case-list .card",
}


async def go(page: Page, board: str) -> None:
    await page.locator(f".boards a[href='#{board}']").click()
    await page.wait_for_selector(BOARDS[board])


async def sheet(page: Page, words: str) -> Locator:
    card = page.locator("#alerts .card", has_text=words).first
    await card.get_by_role("button", name="详情").click()
    result = page.locator("dialog .sheet")
    await result.locator(".scales").wait_for()
    return result


async def confirm(page: Page, words: str, **typed: str) -> None:
    """Fill the newest dialog by labels and press its button by the keyboard."""
    dialog = page.locator("dialog").last
    for label, value in typed.items():
        await dialog.get_by_label(label).fill(value)
    go_on = dialog.get_by_role("button", name=words)
    await expect(go_on).to_be_enabled()
    await go_on.focus()
    await page.keyboard.press("Enter")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_every_board_shows_itself_on_wall_desk_and_phone(visitor: Visitor, lang: str) -> None:
    for width, height, name in ((1920, 1080, "wall"), (1366, 768, "desk"), (360, 740, "narrow")):
        page = await visitor.open("o-city-b", lang=lang, width=width)
        await page.set_viewport_size({"width": width, "height": height})
        for board in BOARDS:
            await go(page, board)
            await shot(page, f"{board}-{name}-{lang}", full=name == "narrow")
            assert await page.evaluate(OVERFLOW) <= 0, f"{board} {width}"
            assert await page.evaluate(CUT) == [], f"{board} {width}"
            if name != "narrow":
                assert await page.evaluate(ASIDE) == [], f"{board} {width}"
            await expect(page.locator(".boards [aria-current]")).to_be_in_viewport(ratio=0.99)
            assert await page.locator("img, b b, #board script").count() == 0


async def test_the_drill_down_reaches_the_last_micro_grid(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await go(page, "command")
    await page.locator("#drill-down .breadcrumbs [aria-current]", has_text="永川区").wait_for()
    await page.locator(
        "#drill-down .breadcrumbs button", has_text="重庆市"
    ).click()  # up, and down again
    for step in ("永川区", "朱沱镇"):
        await page.locator("#drill-down .into", has_text=step).first.click()
        await page.locator("#drill-down .breadcrumbs [aria-current]", has_text=step).wait_for()
    await shot(page, "command-town-zh-CN")
    for _ in range(3):
        before = await page.locator(".breadcrumbs > *").count()
        await page.locator("#drill-down .into").last.click()
        await expect(page.locator(".breadcrumbs > *")).to_have_count(before + 1)
    await expect(page.locator("#drill-down .empty")).to_be_visible()
    await expect(page.locator("#drill-down .card")).to_have_count(1)


async def test_the_own_task_is_signed_by_keyboard(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-songji-b")
    await go(page, "command")
    buttons = page.locator("#own-tasks .card").first.get_by_role("button")
    first = buttons.first
    step = await first.inner_text()
    await first.focus()
    await page.keyboard.press("Enter")
    await confirm(page, step)
    await expect(page.locator("dialog")).to_have_count(0)
    assert sent(served, "acknowledgement")[-1]["officer_id"] == "o-songji-b"


async def test_a_task_is_split_among_units_below(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-songji-b")
    await go(page, "command")
    await page.locator("#own-tasks").get_by_role("button", name="拆分下派").first.click()
    dialog = page.locator("dialog")
    boxes = dialog.locator("[name=receiver]")
    await boxes.nth(0).check()
    await boxes.nth(1).check()
    await shot(page, "dialog-split")
    await confirm(page, "拆分下派")
    await expect(dialog).to_have_count(0)
    step = sent(served, "acknowledgement")[-1]
    assert (step["step"], len(step["units"]), step["mandatory"]) == ("split", 2, True)


async def test_more_time_is_asked_for_with_a_reason(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-songji-b")
    await go(page, "command")
    await page.locator("#own-tasks").get_by_role("button", name="申请延期").first.click()
    await confirm(page, "申请延期", 原因="道路抢通中")
    await expect(page.locator("dialog")).to_have_count(0)
    step = sent(served, "acknowledgement")[-1]
    assert (step["step"], step["text"]) == ("ask_extend", "道路抢通中")
    assert step["until"]


async def test_recalling_takes_the_level_the_place_and_a_reason(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-city-b")
    result = await sheet(page, "朱沱")
    await shot(page, "sheet-zh-CN")
    await result.get_by_role("button", name="撤回预警").click()
    dialog = page.locator("dialog").last
    go_on = dialog.get_by_role("button", name="撤回橙色预警")
    await dialog.get_by_label("橙色").check()
    await dialog.get_by_label("原因").fill("测值有误")
    await expect(go_on).to_be_disabled()
    await dialog.get_by_label("以确认").last.fill("朱沱镇")
    await shot(page, "dialog-recall")
    await go_on.click()
    await expect(page.locator("dialog")).to_have_count(1)
    decision = sent(served, "alert_decision")[-1]
    assert (decision["verb"], decision["level"]) == ("recall", "orange")


async def test_a_drill_is_confirmed_by_other_words(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await page.get_by_role("button", name="演练", exact=True).click()
    await page.wait_for_selector("#alerts .card.drill")
    await shot(page, "drill-zh-CN")
    await go(page, "modes")
    await page.click("#propose")
    await expect(page.locator("dialog")).to_contain_text("演练 重庆市")
    await expect(page.locator("dialog .drill-band")).to_be_visible()


async def test_assessing_holds_three_scales_apart(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-town-b")
    served.run(served.console.project([_assessable()]))
    await (
        page.locator("#alerts .card", has_text="研判样例")
        .get_by_role("button", name="研判完成")
        .click()
    )
    dialog = page.locator("dialog")
    await dialog.get_by_label("预警级别").select_option("yellow")
    await dialog.get_by_label("事件分级").select_option("grade_3")
    await dialog.get_by_label("响应级别").select_option("IV")
    await shot(page, "dialog-assess")
    await confirm(page, "研判完成")
    await expect(dialog).to_have_count(0)
    assessment = sent(served, "alert_decision")[-1]["assessment"]
    assert (assessment["level"], assessment["incident_grade"], assessment["response_level"]) == (
        "yellow",
        "grade_3",
        "IV",
    )


async def test_an_alarm_is_silenced_and_a_silence_ended(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-city-b")
    await go(page, "alarms")
    await page.locator("#alarms").get_by_role("button", name="静默").first.click()
    await page.locator("dialog").get_by_label("以确认").fill("朱沱镇")
    await confirm(page, "静默", 原因="设备检修")
    await expect(page.locator("dialog")).to_have_count(0)
    request = sent(served, "silence_request")[-1]
    assert (request["verb"], request["reason"]) == ("create", "设备检修")
    assert request["matcher"]["sensor_id"] == "gauge-zhutuo"
    assert request["until_cleared"] is True, "an alarm's own silence ends with it"
    await page.locator("#silences").get_by_role("button", name="延长或结束").click()
    await page.locator("dialog").get_by_label("以确认").fill("朱沱镇")
    await confirm(page, "延长或结束", 原因="检修完成")
    await expect(page.locator("dialog")).to_have_count(0)
    assert sent(served, "silence_request")[-1]["silence_id"] == "sil-works"


async def test_a_mode_is_proposed_with_its_effects(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-town-b")
    await go(page, "modes")
    await page.click("#propose")
    dialog = page.locator("dialog")
    await dialog.get_by_label("平急状态").select_option("standby")
    await expect(page.locator("#mode-preview")).to_contain_text("朱沱镇")
    await dialog.get_by_label("以确认").fill("朱沱镇")
    await shot(page, "dialog-mode")
    await confirm(page, "提议变更状态", 原因="预报有暴雨")
    await expect(dialog).to_have_count(0)
    request = sent(served, "mode_request")[-1]
    assert (request["verb"], request["mode"]) == ("propose", "standby")


async def test_leave_is_put_into_the_plan_and_an_entry_taken_out(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-town-b")
    await page.locator(".boards a[href='#duty']").click()
    await page.locator("#posts td").first.wait_for()
    await shot(page, "duty-plan-zh-CN")
    await page.get_by_role("button", name="请假", exact=True).click()
    await page.locator("dialog").get_by_label("人员").select_option("ma")
    await confirm(page, "请假")
    await expect(page.locator("dialog")).to_have_count(0)
    request = sent(served, "duty_request")[-1]
    assert (request["verb"], request["rule"]["officer_id"]) == ("put", "ma")
    await page.locator("#entries li", has_text="请假").get_by_role("button").click()
    await confirm(page, "取消安排")
    await expect(page.locator("dialog")).to_have_count(0)
    assert sent(served, "duty_request")[-1]["entry_id"] == "away"


async def test_departments_are_added_to_a_command_and_shown_before_sending(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-district-b")
    await page.click("#compose")
    dialog = page.locator("dialog")
    await dialog.get_by_label("标题").fill("会商")
    await dialog.get_by_label("橙色").check()
    await dialog.get_by_label("按什么选择").select_option("departments")
    await dialog.get_by_label("区县", exact=True).check()
    await dialog.get_by_label("水利").check()
    await expect(dialog.locator("#recipients")).to_have_text("1")
    await dialog.locator("#part-add").click()
    await dialog.get_by_label("按什么选择").last.select_option("group")
    await dialog.locator("[name^=group]").select_option("flood_task_force")
    await expect(dialog.locator("#recipients")).not_to_have_text("1")
    await dialog.get_by_text("查看将收到的单位").click()
    await shot(page, "dialog-selection")
    await dialog.get_by_label("请输入上面的单位数").fill(
        await dialog.locator("#recipients").inner_text()
    )
    await confirm(page, "下达")
    await expect(dialog).to_have_count(0)
    kinds = [part["kind"] for part in sent(served, "command_request")[-1]["selection"]["include"]]
    assert kinds == ["departments", "group"]


def _assessable() -> Any:
    return an_alert(
        "assess-me",
        state=AlertState.VERIFIED,
        proposed=Level.YELLOW,
        approver=DISTRICT,
        version=2,
        headline="研判样例",
    )


async def test_the_band_of_the_mode_speaks_the_language_chosen_at_once(troubled: Visitor) -> None:
    page = await troubled.open("o-city-a")
    band = page.locator("#mode")
    await expect(band).to_contain_text("状态")
    await page.route("**/api/modes*", lambda route: route.abort())
    await page.click("#language")
    await expect(band).to_contain_text("mode")


async def test_a_moment_of_another_year_names_the_year(visitor: Visitor, served: Served) -> None:
    page = await visitor.page()
    await page.clock.set_fixed_time(datetime(2027, 3, 1, tzinfo=UTC))
    await page.goto(served.link("o-city-b"))
    await go(page, "cases")
    await expect(page.locator("#case-list .card .tail").last).to_contain_text("2026年11月24日")
