"""People act through the screens: what is dangerous asks for what it is about, and nothing runs
twice.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.checks import unreadable
from tests.browser.conftest import Served, Visitor, shot
from tests.support.console_events import HOSTILE_TEXT, ZHUTUO, an_alert

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

_KEEP_STREAMS = """
  globalThis.streams = [];
  globalThis.EventSource = class extends EventSource {
    constructor(...args) {
      super(...args);
      streams.push(this);
    }
  };
"""
"""A script that keeps each stream that the page opens in `streams`."""


def sent(served: Served, kind: str) -> list[dict[str, Any]]:
    """Distinct records of one type that the console has handed to Kafka, in order."""
    results = {}
    for record in served.console.kafka.sent:
        body = json.loads(record.body)
        if body["type"] == kind:
            results[body["id"]] = body
    return list(results.values())


async def card(page: Page, words: str) -> Any:
    result = page.locator("#alerts .card", has_text=words)
    await result.first.wait_for()
    return result.first


async def test_approving_asks_for_the_level_shown(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-city-b")
    alert = await card(page, "超历史最高水位")
    await alert.get_by_role("button", name="签发").click()
    dialog = page.locator("dialog")
    go = dialog.get_by_role("button", name="签发红色")
    await expect(go).to_be_disabled()
    await dialog.get_by_label("橙色").check()
    await expect(go).to_be_disabled()
    await dialog.get_by_label("红色").check()
    await expect(go).to_be_enabled()
    await shot(page, "dialog-approve")
    await go.click()
    await expect(dialog).to_have_count(0)
    decision = sent(served, "alert_decision")[-1]
    assert (decision["verb"], decision["level"], decision["officer_id"]) == (
        "approve",
        "red",
        "o-city-b",
    )


async def test_dismissing_needs_a_reason_and_the_level(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-city-b")
    alert = await card(page, "12 小时降雨")
    await alert.get_by_role("button", name="判为误报").click()
    dialog = page.locator("dialog")
    go = dialog.get_by_role("button", name="判为误报")
    await dialog.get_by_label("蓝色").check()
    await expect(go).to_be_disabled()
    await dialog.get_by_label("原因").fill("雨量计检修")
    await go.click()
    await expect(dialog).to_have_count(0)
    assert sent(served, "alert_decision")[-1]["reason"] == "雨量计检修"


async def test_evidence_is_shown_with_its_datum(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    alert = await card(page, "朱沱")
    await alert.get_by_role("button", name="详情").click()
    await expect(page.locator("dialog td", has_text="吴淞")).to_have_count(1)
    await shot(page, "dialog-evidence")


async def test_a_command_needs_the_number_of_its_recipients(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-town-b")
    await page.click("#compose")
    dialog = page.locator("dialog")
    await dialog.get_by_label("标题").fill("沿江巡查")
    await dialog.get_by_label("黄色").check()
    await dialog.get_by_label("村社区").check()
    await expect(dialog.locator("#recipients")).to_have_text("20")
    go = dialog.get_by_role("button", name="下达")
    await dialog.get_by_label("请输入上面的单位数").fill("21")
    await expect(go).to_be_disabled()
    await dialog.get_by_label("请输入上面的单位数").fill("20")
    await shot(page, "dialog-compose")
    await go.click()
    await expect(dialog).to_have_count(0)
    request = sent(served, "command_request")[-1]
    assert (request["verb"], request["status"]) == ("issue", "Actual")
    (part,) = request["selection"]["include"]
    assert (part["kind"], part["tiers"]) == ("subtree", ["village"])
    assert len(request["seen_digest"]) == 64


async def test_the_board_goes_down_to_units(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await page.locator("#commands .card").first.get_by_role("button", name="查看单位").click()
    rows = page.locator("dialog tbody tr")
    await expect(rows).to_have_count(100)
    await page.locator("dialog").get_by_role("button", name="更多").click()
    await expect(rows).to_have_count(200)
    await page.locator("dialog select").select_option("returned")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("道路中断")
    await shot(page, "dialog-units")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_units_of_a_command_are_short_rows_on_a_phone(
    visitor: Visitor, lang: str
) -> None:
    page = await visitor.open("o-city-b", width=390, lang=lang)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.locator("#commands [data-focus$='-units']").first.click()
    rows = page.locator("dialog tbody tr")
    await expect(rows).to_have_count(100)
    await rows.first.scroll_into_view_if_needed()
    await shot(page, f"units-390-{lang}")
    scroller = page.locator("dialog .scroller")
    assert await scroller.evaluate("(node) => node.scrollWidth - node.clientWidth") <= 0
    for cells, most in (("td:first-child", 70), ("td:nth-child(3)", 45), ("td:nth-child(2)", 24)):
        heights = await rows.locator(cells).evaluate_all(
            "(all) => all.map((cell) => cell.offsetHeight)"
        )
        assert 0 < max(heights) <= most, cells
    assert await unreadable(page, "units") == []


async def test_the_phone_receipts_by_itself_and_answers_once(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-town-b", phone=True)
    first = page.locator("#first .card:not(.drill)")
    await first.locator("summary").click()
    await expect(first.locator("details .text")).to_contain_text("onerror=alert(1)")
    await shot(page, "phone-open", full=True)
    coming = first.get_by_role("button", name="能到岗", exact=True)
    page_id = str(await coming.get_attribute("data-focus")).removesuffix("-coming")
    await coming.dblclick()
    await expect(page.locator("#rest .sent")).to_contain_text("能到岗")
    # Other tests of the session open the phones of other officers on the same console.
    verbs = [row["verb"] for row in sent(served, "answer") if row["page_id"] == page_id]
    assert set(verbs) == {"coming", "delivered", "read"}
    assert verbs.count("coming") == 1


async def test_the_phone_signs_and_confirms_the_signature(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-town-b", phone=True)
    await page.click("#tab-assignments")
    await page.locator("#first").get_by_role("button", name="签收").click()
    await page.locator("dialog").get_by_role("button", name="签收").click()
    await expect(page.locator("#rest .sent")).to_contain_text("已提交")
    assert sent(served, "acknowledgement")[-1]["step"] == "sign"


async def test_kafka_down_is_said_and_the_answer_goes_by_itself_later(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-songji-b", phone=True)
    served.console.kafka.down = True
    try:
        await page.get_by_role("button", name="能到岗", exact=True).click()
        await expect(page.locator("#first .unsent")).to_contain_text("未发送：能到岗")
    finally:
        served.console.kafka.down = False
    await expect(page.locator("#rest .sent")).to_be_visible()
    # The refusals themselves are what a browser notes; nothing else may be there.
    assert all("503" in complaint for complaint in visitor.complaints)
    visitor.complaints.clear()


async def test_hostile_text_stays_text(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    heading = await (await card(page, "onerror")).locator("h3").inner_text()
    assert heading == HOSTILE_TEXT.replace("\u202e", "").replace("\u202c", "")
    assert await page.locator("img, #alerts script, #alerts b b").count() == 0


async def test_a_new_alert_is_announced_and_a_lost_line_is_said(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-city-b")
    await page.add_init_script(_KEEP_STREAMS)
    await page.reload()
    await page.wait_for_selector(".link.live")
    await page.wait_for_selector("#alerts .card")
    served.run(
        served.console.project(
            [an_alert("late-news", "500118104000", headline="临江镇 小安溪水位上涨")]
        )
    )
    await expect(page.locator("#announce")).to_contain_text("临江镇", timeout=90_000)
    served.console.projection_lag["records"] = 5_000
    try:
        await page.context.set_offline(True)
        await page.evaluate("dispatchEvent(new Event('offline'))")
        await expect(page.locator("#link")).to_have_text("断线")
        await expect(page.locator("#state")).to_contain_text("连接中断")
        # No heartbeat that is under way may say anything else: the connection is closed.
        assert await page.evaluate("() => streams.every((stream) => stream.readyState === 2)")
        await shot(page, "wall-offline")
        await page.context.set_offline(False)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.locator("#state")).to_contain_text("5000", timeout=90_000)
    finally:
        served.console.projection_lag["records"] = 0
    visitor.complaints.clear()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_draft_survives_a_reload_and_ends_with_its_command(
    visitor: Visitor, served: Served, language: str
) -> None:
    page = await visitor.open("o-district-b", lang=language)
    await page.click("#compose")
    dialog = page.locator("dialog")
    await dialog.locator("[name=title]").fill("联合检查")
    await dialog.locator("[name=level][value=blue]").check()
    await dialog.locator("[name=tiers-0][value=town]").check()
    await dialog.locator("#assist-part-add").click()
    await dialog.locator("[name=assist-kind-0]").select_option("group")
    await dialog.locator("[name=assist-group-0]").select_option("flood_task_force")
    until = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT08:00")
    await dialog.locator("[name=finish_by]").fill(until)
    reached = dialog.locator("#recipients")
    await expect(reached).not_to_have_text("–")
    number = await reached.inner_text()
    assert int(number) > 23  # the towns, and the task force
    await dialog.locator("#draft-save").click()
    await expect(dialog.locator("[role=status]")).not_to_be_empty()

    await page.reload()
    await page.click("#compose")
    drafts = dialog.locator(".drafts")
    await drafts.locator("summary").click()
    await drafts.locator("li", has_text="联合检查").locator("[data-focus$='-open']").click()
    await expect(reached).to_have_text(number)
    await expect(dialog.locator("[name=finish_by]")).to_have_value(until)
    await dialog.locator("[name=typed]").fill(number)
    await shot(page, f"dialog-draft-{language}")
    await dialog.locator("button[type=submit]").click()
    await expect(dialog).to_have_count(0)
    request = sent(served, "command_request")[-1]
    assert request["assist"]["include"] == [{"kind": "group", "group": "flood_task_force"}]
    assert request["finish_by"].startswith(until[:10])
    await page.click("#compose")
    await expect(dialog.locator("#part-add")).to_be_visible()
    await expect(drafts.locator("li")).to_have_count(0)


async def test_a_silence_names_a_place_and_a_kind_and_begins_later(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-district-b")
    await page.evaluate("() => { location.hash = 'alarms'; }")
    await page.click("#new-silence")
    dialog = page.locator("dialog")
    await dialog.locator(".unit-picker select").first.select_option(label="朱沱镇")
    await dialog.locator("[name=event]").select_option("11A01")
    begin = datetime.now(UTC) + timedelta(days=2)
    await dialog.locator("[name=begin]").fill(begin.strftime("%Y-%m-%dT08:00"))
    await dialog.locator("[name=end]").fill(begin.strftime("%Y-%m-%dT10:30"))
    await dialog.locator("[name=reason]").fill("水位站检修")
    send = dialog.locator("button[type=submit]")
    await expect(send).to_be_disabled()
    await dialog.locator("[name=typed]").fill("朱沱镇")
    await shot(page, "dialog-silence")
    await send.click()
    await expect(dialog).to_have_count(0)
    request = sent(served, "silence_request")[-1]
    assert request["matcher"] == {"place": ZHUTUO, "event_type": "11A01"}
    assert request["begin_at"].startswith(begin.strftime("%Y-%m-%dT00:00"))
    assert request["end_at"].startswith(begin.strftime("%Y-%m-%dT02:30"))


async def test_a_silence_repeats_each_week(visitor: Visitor, served: Served) -> None:
    page = await visitor.open("o-district-b")
    await page.evaluate("() => { location.hash = 'alarms'; }")
    await page.click("#new-silence")
    dialog = page.locator("dialog")
    await expect(dialog.locator("[name=daily_from]")).to_be_hidden()
    await dialog.locator("[name=repeat]").select_option("weekly")
    await expect(dialog.locator("[name=until_cleared]")).to_be_hidden()
    await dialog.get_by_label("周六").check()
    await dialog.locator("[name=daily_from]").fill("10:00")
    await dialog.locator("[name=daily_until]").fill("10:15")
    await dialog.locator("[name=reason]").fill("警报试鸣")
    await dialog.locator("[name=typed]").fill("永川区")
    await shot(page, "dialog-silence-weekly")
    await dialog.locator("button[type=submit]").click()
    await expect(dialog).to_have_count(0)
    request = sent(served, "silence_request")[-1]
    weekly = request["weekly"]
    assert (weekly["days"], weekly["begin"][:5], weekly["until"][:5]) == (
        ["saturday"],
        "10:00",
        "10:15",
    )
    begin, end = (datetime.fromisoformat(request[name]) for name in ("begin_at", "end_at"))
    assert timedelta(days=27) < end - begin <= timedelta(days=28)
