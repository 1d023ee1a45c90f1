"""The screens of a duty desk: cases, reports upward, drills, reaching people.

By keyboard, in both languages.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level
from tests.browser.checks import CONTRAST, NAMELESS, OVERFLOW
from tests.browser.conftest import Served, Visitor, shot
from tests.browser.test_acts import sent
from tests.browser.test_boards import confirm, go
from tests.support.console_case_records import a_case, a_review_of
from tests.support.console_events import DISTRICT, HOSTILE_TEXT, ZHUTUO, a_command, an_assignment

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def board(page: Page, name: str) -> None:
    await go(page, name)


async def press(page: Page, button: Locator) -> None:
    """By the keyboard."""
    await button.focus()
    await page.keyboard.press("Enter")


async def the_case(page: Page, words: str) -> Locator:
    await board(page, "cases")
    await press(page, page.locator("#case-list a", has_text=words))
    result = page.locator(".case-file")
    await result.locator("h2", has_text=words).wait_for()
    return result


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_a_case_is_listed_and_opened(visitor: Visitor, lang: str) -> None:
    page = await visitor.open("o-city-b", lang=lang)
    await board(page, "cases")
    await page.locator("#case-list .card").nth(3).wait_for()
    await page.locator("[name=q]").fill("长江朱沱段")
    await expect(page.locator("#case-list .card")).to_have_count(1)
    await page.locator("[name=q]").fill("")
    await page.locator("[name=state]").select_option("closed")
    await expect(page.locator("#case-list .card")).to_have_count(1)
    file = await the_case(page, "长江朱沱段")
    await expect(file.locator("#timeline li").nth(10)).to_be_visible()
    assert await page.locator("img, #case script, #case b b").count() == 0
    await shot(page, f"case-timeline-{lang}")
    tab = file.get_by_role("tab").first
    await tab.focus()
    await page.keyboard.press("ArrowRight")
    rows = file.locator("#evaluation tbody").first.locator("tr")
    await expect(rows).to_have_count(5)  # all, and four tiers
    await shot(page, f"case-evaluation-{lang}")
    assert await page.evaluate(CONTRAST) == []
    assert await page.evaluate(NAMELESS) == []
    # One unit's every fact, and back.
    await press(page, file.locator("#evaluation .into").first)
    await press(page, file.locator("#all-units"))
    await expect(file.locator("#all-units")).to_have_count(0)


async def test_a_case_has_an_address(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await the_case(page, "长江朱沱段")
    await page.reload()
    await page.locator(".case-file h2", has_text="长江朱沱段").wait_for()
    await page.goto(page.url.split("#")[0] + "#cases/alt-none")
    await expect(page.locator(".case-file .problem")).to_contain_text("没有此案卷")
    # What is not there is a 404, which a browser notes: one, for the head.
    (noted,) = visitor.complaints
    assert "404" in noted
    visitor.complaints.clear()


@pytest.mark.parametrize(
    ("words", "begins"), [("HTML", b"<!doctype html>"), ("PDF", b"%PDF-"), ("CSV", b"\xef\xbb\xbf")]
)
async def test_a_case_is_taken_away(visitor: Visitor, words: str, begins: bytes) -> None:
    page = await visitor.open("o-city-b")
    file = await the_case(page, "长江朱沱段")
    async with page.expect_download(timeout=90_000) as event_info:
        await press(page, file.get_by_role("link", name=words))
    download = await event_info.value
    content = Path(await download.path()).read_bytes()
    assert content[: len(begins)].lower() == begins.lower()


async def test_a_review_is_written_once_with_findings(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-city-b")
    file = await the_case(page, "长江朱沱段")
    await file.get_by_role("tab").last.focus()
    await page.keyboard.press("Enter")
    await press(page, page.locator("#write-review"))
    dialog = page.locator("dialog")
    await dialog.get_by_label("做得好的与不足").fill("转移及时，夜间值守不足")
    await press(page, page.locator("#finding-add"))
    await dialog.get_by_label("整改内容").fill("补齐夜间值守")
    steps = dialog.locator(".unit-steps select")
    await steps.first.select_option(DISTRICT)
    await expect(steps).to_have_count(2)
    await steps.nth(1).select_option(ZHUTUO)
    await expect(dialog.get_by_role("button", name="撰写复盘")).to_be_disabled()
    await dialog.get_by_label("以确认").fill("永川区")
    await shot(page, "dialog-review")
    await confirm(page, "撰写复盘")
    await expect(dialog).to_have_count(0)
    review = sent(served, "case_review")[-1]
    (finding,) = review["findings"]
    assert (finding["owner"], finding["title"]) == (ZHUTUO, "补齐夜间值守")
    order = sent(served, "command_request")[-1]
    assert (order["command_id"], order["finish_by"]) == (
        finding["command_id"],
        finding["finish_by"],
    )


async def test_a_review_is_shown_with_its_live_findings(visitor: Visitor, served: Served) -> None:
    title, finding = "电缆隧道渗水处置", "补装排水泵"
    order = a_command("pumps", ZHUTUO, recipients=1, level=Level.BLUE, title=finding)  # not first
    served.run(
        served.console.project(
            [*a_case("tunnel", (ZHUTUO,), title=title), a_review_of("tunnel", order, ZHUTUO)]
        )
    )
    page = await visitor.open("o-city-b")
    file = await the_case(page, title)
    await file.get_by_role("tab").last.focus()
    await page.keyboard.press("Enter")
    card = file.locator(".card", has_text=finding)
    await expect(card).to_contain_text("朱沱镇")
    await expect(card.locator(".chip")).to_have_text("待下达")
    await expect(page.locator("#write-review")).to_have_count(0)
    served.run(
        served.console.project([order, an_assignment(order, ZHUTUO, AssignmentState.SIGNED)])
    )
    await expect(card.locator(".chip")).to_have_text("已签收")
    await shot(page, "case-review-zh-CN")


async def test_the_case_of_a_drill_is_marked_as_a_drill(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await page.get_by_role("button", name="演练", exact=True).click()
    await page.wait_for_selector("#alerts .card.drill")
    file = await the_case(page, "演练：夜间转移")
    await expect(file.locator(".drill-band")).to_be_visible()
    await shot(page, "case-drill-zh-CN")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_reports_show_their_changes(visitor: Visitor, lang: str) -> None:
    page = await visitor.open("o-district-b", lang=lang)
    await board(page, "reports")
    await press(page, page.locator("#report-duties a", has_text="朱沱"))
    reports = page.locator("#incident .report")
    await expect(reports).to_have_count(2)
    change = reports.nth(1).locator(".changes li")
    await expect(change).to_have_count(2)
    await expect(change.nth(0)).to_contain_text("▼")
    await expect(change.nth(1)).to_contain_text("60")
    assert HOSTILE_TEXT[:9] in await reports.nth(0).inner_text()
    assert await page.locator("img, #incident script, #incident b").count() == 0
    assert await page.evaluate(CONTRAST) == []
    await shot(page, f"reports-{lang}")


async def test_a_follow_up_marks_its_changes(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-town-b")
    await board(page, "reports")
    await press(page, page.locator("#report-duties a", has_text="朱沱"))
    await press(page, page.locator("#incident").get_by_role("button", name="撰写报告"))
    dialog = page.locator("dialog")
    await expect(dialog.get_by_label("报告种类")).to_have_value("follow_up")
    await expect(dialog.get_by_label("续报次数")).to_have_value("2")
    await dialog.get_by_label("一句话概述").fill("水势趋稳")
    await dialog.get_by_label("转移").fill("60")
    await expect(dialog.locator("#report-changes")).to_contain_text("要素无变化")
    await dialog.get_by_label("转移").fill("88")
    await expect(dialog.locator("#report-changes")).to_contain_text("88")
    await dialog.get_by_label("趋势").select_option("steady")
    await shot(page, "dialog-report")
    await confirm(page, "报送")
    await expect(dialog).to_have_count(0)
    report = sent(served, "report")[-1]
    assert (report["kind"], report["number"], report["means"]) == ("follow_up", 2, "written")
    assert report["facts"]["evacuated"] == 88
    assert report["facts"]["trend"] == "steady"
    assert "dead" not in report["facts"]


async def test_a_phone_call_is_recorded_with_its_words(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-district-b")
    await board(page, "reports")
    await press(page, page.locator("#report-duties a", has_text="松溉"))
    await press(page, page.locator("#incident").get_by_role("button", name="记录来电报告"))
    dialog = page.locator("dialog")
    await expect(dialog.get_by_label("报告种类")).to_have_value("initial")
    await dialog.get_by_label("一句话概述").fill("松溉堤防渗水")
    await dialog.get_by_role("button", name="报送").click()
    await expect(dialog).to_have_count(1)  # what was said is needed
    await dialog.get_by_label("正文").fill("松溉镇周明来电：堤防渗水，正在加固")
    await confirm(page, "报送")
    await expect(dialog).to_have_count(0)
    report = sent(served, "report")[-1]
    assert (report["means"], report["kind"], report["from_unit"]) == (
        "phone",
        "initial",
        "500118107000",
    )


async def test_an_alert_leads_to_its_reports(visitor: Visitor) -> None:
    page = await visitor.open("o-town-b")
    card = page.locator("#alerts .card", has_text="长江朱沱").first
    await card.get_by_role("button", name="详情").click()
    await press(page, page.locator("dialog").get_by_role("link", name="信息报送"))
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator("#incident .report")).to_have_count(2)


async def test_a_drill_is_started_by_its_name(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-district-b")
    await board(page, "drills")
    await shot(page, "drills-zh-CN")
    await press(page, page.locator("#start-drill"))
    dialog = page.locator("dialog")
    await expect(dialog.locator(".drill-band")).to_be_visible()
    await dialog.get_by_label("标题").fill("防汛夜间演练")
    await dialog.get_by_label("红色").check()
    await dialog.locator(".unit-steps select").first.select_option(ZHUTUO)
    go_on = dialog.get_by_role("button", name="发起演练")
    await dialog.get_by_label("以确认").fill("朱沱镇")  # what is typed for something real
    await expect(go_on).to_be_disabled()
    await dialog.get_by_label("以确认").fill("演练 朱沱镇")
    await shot(page, "dialog-drill")
    await confirm(page, "发起演练")
    await expect(dialog).to_have_count(0)
    report = sent(served, "report")[-1]
    assert (report["status"], report["place"], report["headline"]) == (
        "Exercise",
        ZHUTUO,
        "防汛夜间演练",
    )
    assert all(row["status"] == "Exercise" for row in sent(served, "report")[-1:])


async def test_a_drill_is_ended_in_the_list_of_drills(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-district-b", lang="en")
    await board(page, "drills")
    await shot(page, "drills-en")
    card = page.locator("#drills-running .card").first
    await press(page, card.get_by_role("button", name="Dismiss"))
    dialog = page.locator("dialog")
    await expect(dialog.locator(".drill-band")).to_be_visible()
    await dialog.get_by_label("Red").check()
    await confirm(page, "Dismiss as a false alarm", Reason="rehearsed")
    await expect(dialog).to_have_count(0)
    decision = sent(served, "alert_decision")[-1]
    assert (decision["verb"], decision["status"]) == ("dismiss", "Exercise")


LOOKS = """() => {
  const style = (node) => {
    const css = getComputedStyle(node);
    return [css.borderTopStyle, css.borderTopColor].join();
  };
  return { ground: getComputedStyle(document.body).borderLeftWidth,
    stripes: getComputedStyle(document.querySelector("#drill")).backgroundImage !== "none",
    card: style(document.querySelector("#alerts .card.red")) };
}"""


async def test_a_drill_in_red_and_a_live_red_never_look_alike(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await page.wait_for_selector("#alerts .card.red")
    live = await page.evaluate(LOOKS)
    await page.click("#drill button")
    await page.wait_for_selector("#alerts .card.drill.red")
    drill = await page.evaluate(LOOKS)
    assert live["stripes"] is False
    assert drill["stripes"] is True
    assert live["ground"] != drill["ground"]
    assert live["card"] != drill["card"]
    assert await page.locator("#alerts .card.red:not(.drill)").count() == 0


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_duty_board_shows_the_reachable_officers(visitor: Visitor, lang: str) -> None:
    page = await visitor.open("o-town-b", lang=lang)
    await page.locator(".boards a[href='#duty']").click()
    posts = page.locator("#reach > li")
    await expect(posts).to_have_count(3)
    await expect(posts.nth(0).locator(".light.green")).to_be_visible()
    await expect(posts.nth(1).locator(".light.red")).to_be_visible()
    await expect(posts.nth(2).locator(".light.red")).to_be_visible()
    await shot(page, f"duty-reach-{lang}")
    await page.locator("[name=show]").select_option("gaps")
    await expect(posts).to_have_count(2)
    assert await page.evaluate(CONTRAST) == []
    assert await page.locator("#reach b").count() == 0


async def test_a_communication_test_is_started(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-town-b")
    await page.locator(".boards a[href='#duty']").click()
    await page.locator("#reach > li").first.wait_for()
    await press(page, page.locator("#reach-test"))
    await confirm(page, "立即通信测试")
    await expect(page.locator("dialog")).to_have_count(0)
    request = sent(served, "contact_test_request")[-1]
    assert (request["unit"], request["status"]) == (ZHUTUO, "Test")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_desk_fits_360_pixels(visitor: Visitor, lang: str) -> None:
    page = await visitor.open("o-district-b", lang=lang, width=360)
    await the_case(page, "长江朱沱段")
    await shot(page, f"case-narrow-{lang}", full=True)
    assert await page.evaluate(OVERFLOW) <= 0
    await board(page, "reports")
    await page.locator("#report-duties a").first.click()
    await page.locator("#incident .chain").first.wait_for()
    await shot(page, f"reports-narrow-{lang}", full=True)
    assert await page.evaluate(OVERFLOW) <= 0
