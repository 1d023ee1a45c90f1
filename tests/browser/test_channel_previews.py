"""An officer who signs reads first how the page will read on each channel, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Page, expect

from shared.contracts.alerts import AlertState
from shared.contracts.fields import Level, Post
from shared.contracts.pages import Channel, Officer, RosterSlot
from shared.contracts.units import tier_of
from tests.browser.checks import CONTRAST, NAMELESS, OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, a_console, shot
from tests.support.console_events import CITY, DISTRICT, VILLAGE, ZHUTUO, an_alert

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
SIZES = ((1920, 1080), (1366, 768), (390, 844))
HEADLINE = "朱沱站洪水：超保证水位 2.68 m，仍在上涨 ‖ Flood at Zhutuo: 2.68 m above, rising"
NAMES = {VILLAGE: "吴德", ZHUTUO: "李远", DISTRICT: "孙宁", CITY: "赵安"}
SIGN = {"zh-CN": "签发", "en": "Approve"}
PANEL = {"zh-CN": "各渠道如何显示", "en": "How it reads on each channel"}
LEVEL = {"zh-CN": "橙色", "en": "Orange"}


async def an_alert_to_sign(served: Served) -> None:
    """Fill a console with an alert that waits for the city, and with four desks on duty."""
    now = datetime.now(UTC)
    for unit, name in NAMES.items():
        slot = RosterSlot(
            id=f"slot-{unit}",
            occurred_at=now,
            sent_at=now,
            origin_unit=unit,
            tier=tier_of(unit),
            unit=unit,
            post=Post.B,
            officer=Officer(officer_id=f"duty-{unit}", name=name, phone="13800138000"),
            channels=(Channel.SMS, Channel.VOICE, Channel.EMAIL, Channel.LOUDSPEAKER),
        )
        served.console.deps.directory.apply(slot)
    alert = an_alert(
        "preview",
        state=AlertState.PENDING_APPROVAL,
        proposed=Level.ORANGE,
        at=now,
        headline=HEADLINE,
        began_at=now - timedelta(minutes=20),
    )
    await served.console.project([alert])


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console of the module's own, with a roster of its own."""
    with a_console(an_alert_to_sign) as running:
        yield running


async def signing_dialog(page: Page, lang: str) -> Locator:
    card = page.locator("#alerts .card").first
    await card.get_by_role("button", name=SIGN[lang], exact=True).click()
    dialog = page.locator("dialog")
    await dialog.locator(".channel-previews").wait_for()
    return dialog


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_who_signs_reads_each_channel_first(
    visitor: Visitor, served: Served, lang: str
) -> None:
    page = await visitor.open("o-city-b", lang=lang)
    dialog = await signing_dialog(page, lang)
    panel = dialog.locator(".channel-previews")
    assert await panel.evaluate("(panel) => !panel.open")
    await expect(panel.locator("section")).to_have_count(0)
    await panel.get_by_text(PANEL[lang]).click()
    message = panel.locator("[data-channel='sms']")
    chinese, english = (message.locator(f".sent-text[lang='{half}']") for half in ("zh", "en"))
    await expect(chinese).to_contain_text("橙色预警，请知悉并应答")
    await expect(chinese).to_contain_text("2.68 m，仍在上涨")
    await expect(chinese).to_contain_text("孙宁（电话 13800138000）")
    await expect(english).to_contain_text("Orange alert issued: take note and answer.")
    await expect(english).to_contain_text("rising")
    await expect(message.locator("blockquote").first).to_contain_text("500")
    call = panel.locator("[data-channel='voice']")
    await expect(call.locator(".sent-text[lang='zh']")).to_contain_text("已知悉请按 1")
    push = panel.locator("[data-channel='web_push']")
    await expect(push.locator("strong").first).to_contain_text("超保证水位")
    await dialog.locator("textarea[name='reason']").fill("三处漫堤，已转移")
    await dialog.locator("textarea[name='reason']").blur()
    await expect(chinese).to_contain_text("三处漫堤，已转移")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await panel.scroll_into_view_if_needed()
        await shot(page, f"channel-previews-{width}-{lang}")
        await panel.locator("[data-channel='voice']").scroll_into_view_if_needed()
        await shot(page, f"channel-previews-{width}-{lang}-below")
        assert await page.evaluate(OVERFLOW) <= 0
        assert await page.evaluate(CONTRAST) == []
        assert await page.evaluate(NAMELESS) == []
        assert await unreadable(page, f"{width}") == []
    assert not served.console.kafka.sent, "nothing is sent by looking"


OTHER_WORDS = {"zh": "请沿江群众十五分钟内转移到高处。", "en": "Move to high ground in 15 minutes."}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_who_writes_words_reads_each_channel_before_saving(
    troubled: Visitor, served: Served, lang: str
) -> None:
    page = await troubled.open("o-city-b", lang=lang)
    card = page.locator("#alerts .card").first
    await card.locator("[data-focus$='-details']").click()
    await page.locator("dialog [data-focus$='-word']").click()
    dialog = page.locator("dialog").last
    panel = dialog.locator(".channel-previews")
    await panel.get_by_text(PANEL[lang]).click()
    message = panel.locator("[data-channel='sms']")
    for half, words in OTHER_WORDS.items():
        half_text = message.locator(f".sent-text[lang='{half}']")
        await expect(half_text).not_to_contain_text(words)
        await dialog.locator(f"[name='instruction_{half}']").fill(words)
        await dialog.locator(f"[name='instruction_{half}']").blur()
        await expect(half_text).to_contain_text(words)
    await expect(panel).to_contain_text("签发人" if lang == "zh-CN" else "Who signs")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await panel.scroll_into_view_if_needed()
        await shot(page, f"word-previews-{width}-{lang}")
        assert await page.evaluate(OVERFLOW) <= 0
        assert await unreadable(page, f"{width}") == []
    await dialog.locator("[name='headline_zh']").fill("")
    await dialog.locator("[name='headline_en']").fill("")
    await dialog.locator("[name='headline_en']").blur()
    await expect(panel.locator(".problem")).to_be_visible()
    assert not served.console.kafka.sent, "nothing is sent by looking"


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_a_closed_panel_adds_no_press_to_a_signature(
    visitor: Visitor, served: Served, lang: str
) -> None:
    page = await visitor.open("o-city-b", lang=lang)
    await page.set_viewport_size({"width": 1366, "height": 768})
    dialog = await signing_dialog(page, lang)
    await shot(page, f"channel-previews-closed-{lang}")
    await dialog.get_by_label(LEVEL[lang]).check()
    button = dialog.locator("button[type='submit']")
    await expect(button).to_be_enabled()
    await dialog.get_by_role("button", name="取消" if lang == "zh-CN" else "Cancel").click()
    assert not served.console.kafka.sent


async def test_a_preview_that_fails_says_so_and_the_signature_stays_possible(
    troubled: Visitor,
) -> None:
    page = await troubled.open("o-city-b")
    await page.route("**/api/alerts/*/preview", lambda route: route.abort())
    dialog = await signing_dialog(page, "zh-CN")
    await dialog.locator(".channel-previews summary").click()
    await expect(dialog.locator(".channel-previews .problem")).to_be_visible()
    await expect(dialog.locator(".channel-texts p")).to_have_count(0)
    await dialog.get_by_label("橙色").check()
    await expect(dialog.locator("button[type='submit']")).to_be_enabled()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_who_commands_reads_each_channel_first(
    visitor: Visitor, served: Served, lang: str
) -> None:
    page = await visitor.open("o-town-b", lang=lang)
    await expect(page.locator("html")).to_have_attribute("lang", lang)
    await page.click("#compose")
    dialog = page.locator("dialog")
    panel = dialog.locator(".channel-previews")
    await panel.get_by_text(PANEL[lang]).click()
    await expect(panel).to_contain_text("标题、级别" if lang == "zh-CN" else "Fill in title")
    await dialog.locator("input[name='title']").fill("沿江巡查")
    await dialog.locator("textarea[name='instruction']").fill("每小时报告一次水位。")
    await dialog.locator("input[name='level'][value='yellow']").check()
    villages = dialog.get_by_label("村社区" if lang == "zh-CN" else "Villages", exact=True)
    await villages.first.check()
    message = panel.locator("[data-channel='sms']")
    chinese = message.locator(".sent-text[lang='zh']")
    await expect(chinese).to_contain_text("[黄色]沿江巡查")
    await expect(chinese).to_contain_text("前签收")
    await expect(message.locator(".sent-text[lang='en']")).to_contain_text("Please sign by")
    await expect(panel).to_contain_text("示例" if lang == "zh-CN" else "examples")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await panel.scroll_into_view_if_needed()
        await shot(page, f"command-previews-{width}-{lang}")
        assert await page.evaluate(OVERFLOW) <= 0
        assert await page.evaluate(CONTRAST) == []
    assert not served.console.kafka.sent, "nothing is sent by looking"
