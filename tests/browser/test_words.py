"""The words of a screen are in one language, in units that people use, and say what is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import expect

from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.fields import Level
from shared.contracts.pages import SubjectKind
from tests.browser.conftest import Served, Visitor, shot
from tests.browser.test_boards import go
from tests.support.console_events import SONGJI, a_page, an_alarm, an_alert

pytestmark = pytest.mark.asyncio(loop_scope="module")
TITLE = "朱沱站洪水 ‖ Flood at Zhutuo"
LIMIT = "保证水位 ‖ guarantee level"
EXPECTED_WORDS = {
    "zh-CN": {
        "silent": ("1 天无数据", "上限 3 小时"),
        "several": ("多源印证",),
        "hot": ("温度 40.25 ℃", "阈值 40 ℃"),
        "odd": ("312.5，预期 240±12",),
        "over": ("恢复", "原橙色", "水位 211.81 m", "保证水位 211.9 m"),
        "raised": ("触发",),
        "title": ("朱沱站洪水",),
    },
    "en": {
        "silent": ("no data for 1 day", "limit 3 hours"),
        "several": ("corroborated",),
        "hot": ("temperature 40.25 °C", "Limit 40 °C"),
        "odd": ("312.5, expected 240±12",),
        "over": ("cleared", "was Orange", "water level 211.81 m", "guarantee level 211.9 m"),
        "raised": ("raised",),
        "title": ("Flood at Zhutuo",),
    },
}
DATES = {"zh-CN": "11月24日 10:13:40", "en": "24 Nov 10:13:40"}


def alarm(name: str, level: Level, measured: dict[str, Any], **change: Any) -> AlarmEvent:
    evidence = Evidence(event_id="r-1", **measured)
    return an_alarm(name, level=level).model_copy(update={"evidence": evidence, **change})


def alarms() -> list[AlarmEvent]:
    level = {"metric": "water_level"}
    return [
        alarm(
            "silent",
            Level.NOTICE,
            {**level, "value": 86_400.0, "unit": "s", "limit": 10_800.0},
            kind="absence",
        ),
        alarm(
            "several",
            Level.ORANGE,
            {"metric": "sources", "value": 1.5, "unit": "1", "limit": 1.5},
            kind="corroboration",
            sensor_id=None,
        ),
        alarm(
            "hot",
            Level.RED,
            {"metric": "temperature", "value": 40.25, "unit": "Cel", "limit": 40.0},
        ),
        alarm(
            "odd",
            Level.YELLOW,
            {
                "metric": "pressure",
                "value": 0.97,
                "unit": "1",
                "limit": 0.9,
                "note": "312.5，预期 240±12 ‖ 312.5, expected 240±12",
            },
            kind="baseline",
        ),
        alarm(
            "over",
            Level.ORANGE,
            {
                **level,
                "value": 211.81,
                "unit": "m",
                "limit": 211.9,
                "datum": "吴淞",
                "limit_name": LIMIT,
            },
            transition=AlarmTransition.CLEARED,
        ),
    ]


@pytest.mark.parametrize("lang", EXPECTED_WORDS)
async def test_alarms_alerts_and_cases_speak_to_their_reader(
    visitor: Visitor, served: Served, lang: str
) -> None:
    alert = an_alert("event-name", headline=TITLE, at=datetime.now(UTC))
    served.run(served.console.project([*alarms(), alert]))
    page = await visitor.open("o-city-b", lang=lang, width=1366)
    expected, foreign = EXPECTED_WORDS[lang], EXPECTED_WORDS["zh-CN" if lang == "en" else "en"]
    await go(page, "alarms")
    table, ended = page.locator("#alarms"), page.locator("#alarms-ended")
    for name, words in expected.items():
        for word in words if name != "title" else ():
            await expect(ended if name == "over" else table).to_contain_text(word)
    await expect(table).to_contain_text(DATES[lang])
    await expect(table).not_to_contain_text("1.5")
    over = ended.locator("tr.ended")
    await expect(over).to_have_count(1)
    await expect(over.locator(".level")).to_have_count(0)
    await shot(page, f"alarms-words-{lang}")
    for board, place in (("overview", "#alerts"), ("cases", "#case-list")):
        await page.locator(f".boards a[href='#{board}']").click()
        await expect(page.locator(place)).to_contain_text(expected["title"][0])
        await expect(page.locator("body")).not_to_contain_text(foreign["title"][0])
        await expect(page.locator("body")).not_to_contain_text("‖")


async def test_the_shown_words_change_with_the_language(visitor: Visitor, served: Served) -> None:
    served.run(
        served.console.project([an_alert("event-name", headline=TITLE, at=datetime.now(UTC))])
    )
    page = await visitor.open("o-city-b")
    await expect(page.locator("#alerts")).to_contain_text("朱沱站洪水")
    await page.click("#language")
    await expect(page.locator("#alerts")).to_contain_text("Flood at Zhutuo")
    await expect(page.locator("#alerts")).not_to_contain_text("朱沱站洪水")


async def test_the_cards_of_the_phone_change_with_the_language_without_a_line(
    troubled: Visitor, served: Served
) -> None:
    page_record = a_page(
        "o-songji-b",
        SONGJI,
        name="both-languages",
        subject=SubjectKind.ALERT,
        level=Level.RED,
        at=datetime.now(UTC),
        headline="松溉镇河堤漏水 ‖ The dyke of Songji leaks",
        text="请到场。 ‖ Please come.",
    )
    served.run(served.console.project([page_record]))
    page = await troubled.open("o-songji-b", phone=True, width=390)
    cards = page.locator("#list .card", has_text="松溉镇河堤漏水")
    await expect(cards).to_have_count(1)
    await page.route("**/api/**", lambda route: route.abort())
    await page.click("#language")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(
        page.locator("#list .card h3", has_text="The dyke of Songji leaks")
    ).to_be_visible()
    await expect(cards).to_have_count(0)
    await shot(page, "phone-language-390")
    await page.click("#language")
    await expect(cards).to_have_count(1)


NUMBER = "023 4985 0000"
REMINDER = (
    f"四明村 超期未签收。\n联系人：四明村 B岗 张三（电话 {NUMBER}） ‖ "
    f"四明村 is late.\nWhom to call: 四明村, post B, 张三 (phone {NUMBER})"
)


@pytest.mark.parametrize(("lang", "noted"), [("zh-CN", "已知悉"), ("en", "Noted")])
async def test_a_reminder_has_a_number_to_dial_and_asks_to_take_note(
    visitor: Visitor, served: Served, lang: str, noted: str
) -> None:
    reminder = a_page(
        "o-songji-b",
        SONGJI,
        name=f"number-{lang}",
        subject=SubjectKind.SUPERVISION,
        level=Level.RED,
        at=datetime.now(UTC),
        headline="催办：巡查堤防 ‖ Reminder: patrol the dyke",
        text=REMINDER,
    )
    served.run(served.console.project([reminder]))
    for phone in (True, False):
        page = await visitor.open("o-songji-b", phone=phone, lang=lang)
        if not phone:
            await go(page, "command")
        answer = page.locator(f"[data-focus='{reminder.page_id}-coming']")
        await expect(answer).to_have_text(noted)
        card = page.locator(".card", has=answer)
        if phone:
            await card.locator("summary").click()
        link = card.locator("a[href='tel:02349850000']")
        await expect(link).to_have_text(NUMBER)
        await expect(link).to_have_css("white-space", "nowrap")
        await expect(link).to_be_visible()
        await shot(page, f"reminder-{'phone' if phone else 'wall'}-{lang}")
