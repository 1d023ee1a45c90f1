"""The board of dead letters: for operators alone, on every screen, with hostile text as text."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from shared.contracts.letter_acts import LetterVerb
from shared.contracts.topics import LETTER_ACTS, READINGS
from tests.browser.checks import ASIDE, CUT, OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, shot
from tests.support.console_events import CITY
from tests.support.console_letters import an_act, excerpts

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
OPERATOR = "o-city-a"
SCREENS = ((1920, 1080, "wall"), (1366, 768, "desk"), (360, 740, "phone"))


@pytest.fixture(scope="module", autouse=True)
def filled(served: Served) -> None:
    """Fill the dead letters of the console, and make an officer their operator."""
    grant = Grant(right=Right.OPERATE, unit=CITY)
    served.run(change_grant(served.dsn, OPERATOR, grant, give=True))
    now = datetime.now(UTC)
    letters = served.console.letters
    letters.letters = excerpts(now)
    letters.history.note(an_act(LetterVerb.ASK, READINGS, 0, now), 0)
    letters.unread = 12


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_board_is_readable_on_wall_desk_and_phone(visitor: Visitor, lang: str) -> None:
    for width, height, name in SCREENS:
        page = await visitor.open(OPERATOR, lang=lang, width=width)
        await page.set_viewport_size({"width": width, "height": height})
        await page.locator(".boards a[href='#letters']").click()
        await page.locator("#letter-list .card").nth(3).wait_for()
        await page.locator("#letter-list summary").nth(2).click()
        await shot(page, f"letters-{name}-{lang}", full=name == "phone")
        assert await page.evaluate(OVERFLOW) <= 0, width
        assert await page.evaluate(CUT) == [], width
        if name != "phone":
            assert await page.evaluate(ASIDE) == [], width
        assert await unreadable(page, f"letters {width}") == []
        assert await page.locator("#board img, #board script").count() == 0
        hostile = page.locator(".letter-body").nth(2)
        await expect(hostile).to_contain_text("<img src=x onerror=alert(1)>")
        await expect(hostile).to_contain_text("\\u202e\\x1b[31m\\xff")


async def test_an_operator_asks_for_a_replay_by_keyboard_alone(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open(OPERATOR)
    await page.locator(".boards a[href='#letters']").click()
    await page.locator("#board select").select_option("requested")
    await expect(page.locator("#letter-list .card")).to_have_count(1)
    await page.locator("#board select").select_option("open")
    card = page.locator("#letter-list .card").first
    await expect(card).to_contain_text("程序缺陷")
    await card.get_by_role("button", name="申请重放").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    await dialog.locator("textarea").fill("缺陷已修复")
    await shot(page, "letters-ask")
    await dialog.get_by_role("button", name="申请重放").focus()
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    sent = [record for record in served.console.kafka.sent if record.topic == LETTER_ACTS.name]
    act = json.loads(sent[-1].body)
    assert (act["verb"], act["actor"], act["reason"]) == ("ask", OPERATOR, "缺陷已修复")


async def test_nobody_else_is_offered_the_board(visitor: Visitor) -> None:
    page = await visitor.open("o-town-b")
    assert await page.locator(".boards a[href='#letters']").count() == 0
    await page.goto(page.url.partition("#")[0] + "#letters")
    await page.locator("#alerts").wait_for()
