"""Each page, board and dialog in both languages: text that stands out (WCAG AA), a name for what
has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Page

from shared.contracts.ids import content_id
from tests.browser.checks import unreadable
from tests.browser.conftest import Served, Visitor
from tests.browser.test_boards import BOARDS, go
from tests.support.console_events import an_alert

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
LANGUAGES = ("zh-CN", "en")
SIGN_OUT = {"zh-CN": "退出", "en": "Sign out"}


@dataclass(frozen=True)
class Way:
    """The way to a dialog: controls pressed in order on a board; `filled` has to be there then."""

    board: str
    pressed: Sequence[str]
    filled: str = "dialog form"
    also: Sequence[str] = field(default=())
    """What is pressed within it: parts that open further."""


def focus(end: str) -> str:
    return f"[data-focus$='-{end}']"


SHEET = "dialog .sheet .scales"
INCIDENT = an_alert("flood").incident_id
CASE = content_id("alt", "river")
DIALOGS: dict[str, dict[str, Way]] = {
    "o-city-b": {
        "approve red": Way("overview", [f"#alerts .red {focus('approve')}"]),
        "alert": Way("overview", [f"#alerts {focus('details')}"], SHEET),
        "recall over alert": Way(
            "overview",
            [
                f"#alerts .issued {focus('details')}, #alerts .orange {focus('details')}",
                f"dialog {focus('recall')}",
            ],
        ),
        "units": Way("overview", [f"#commands {focus('units')}"], "dialog table"),
        "silence": Way("alarms", [f"#alarms {focus('silence')}"]),
        "review": Way(
            f"cases/{CASE}", ["#case-tabs-review", "#write-review"], also=["#finding-add"]
        ),
    },
    "o-district-b": {
        "composer": Way("overview", ["#compose"], "dialog .names", ["dialog summary"]),
        "drill": Way("drills", ["#start-drill"], "dialog .unit-steps select"),
        "end of a drill": Way("drills", [f"#drills-running {focus('dismiss')}"]),
        "mode": Way("modes", ["#propose"], "#mode-preview"),
        "report by phone": Way(f"reports/{INCIDENT}", ["#incident button"]),
    },
    "o-songji-b": {
        "split": Way("command", [f"#own-tasks {focus('split')}"], "dialog [name=receiver]"),
        "feedback with photos": Way(
            "command", [f"#own-tasks {focus('report')}"], "dialog [type=file]"
        ),
        "more time": Way("command", [f"#own-tasks {focus('ask_extend')}"]),
    },
    "o-town-b": {
        "leave": Way("duty", ["[data-focus='add-leave']"]),
        "rotation": Way("duty", ["[data-focus='add-rotation']"]),
        "communication test": Way("duty", ["#reach-test"]),
    },
}  # fmt: skip


async def at(page: Page, board: str) -> None:
    await page.evaluate("(hash) => { location.hash = hash; }", board)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("officer", DIALOGS)
async def test_every_dialog_can_be_read_and_is_named(
    visitor: Visitor, officer: str, lang: str
) -> None:
    page = await visitor.open(officer, lang=lang)
    results: list[str] = []
    for name, way in DIALOGS[officer].items():
        await at(page, way.board)
        for step in way.pressed:
            await page.locator(step).first.click()
        await page.locator(way.filled).first.wait_for(state="attached")
        for more in way.also:
            await page.locator(more).first.click()
        assert await page.locator("dialog").count() >= 1, name
        results += await unreadable(page, name)
        while await page.locator("dialog").count():
            await page.keyboard.press("Escape")
    assert results == []


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_every_board_can_be_read_and_is_named(visitor: Visitor, lang: str) -> None:
    page = await visitor.open("o-city-b", lang=lang)
    await page.wait_for_selector("#commands .tier")
    result = await unreadable(page, "overview")
    for board in BOARDS:
        await go(page, board)
        result += await unreadable(page, board)
    await at(page, "overview")
    await page.click("#drill button")
    await page.wait_for_selector("#alerts .card.drill")
    result += await unreadable(page, "drill")
    assert result == []


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_phone_can_be_read_with_a_line_and_without(troubled: Visitor, lang: str) -> None:
    page = await troubled.open("o-songji-b", phone=True, lang=lang)
    await page.wait_for_selector("#rest .card, #first .card")
    result = await unreadable(page, "pages")
    await page.click("#tab-assignments")
    await page.locator("details.more summary").first.click()
    result += await unreadable(page, "assignments")
    await page.locator(focus("photo")).first.click()
    await page.locator("dialog [type=file]").wait_for()
    result += await unreadable(page, "photos")
    await page.keyboard.press("Escape")
    await page.context.set_offline(True)
    await page.wait_for_selector("#state.offline:not([hidden])")
    result += await unreadable(page, "offline")
    await page.get_by_role("button", name=SIGN_OUT[lang], exact=True).click()
    await page.wait_for_selector(".gate #leaving:not(:empty)")
    result += await unreadable(page, "gate without a line")
    assert result == []


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_refusals_are_readable(troubled: Visitor, served: Served, lang: str) -> None:
    page = await troubled.page(lang=lang)
    results: list[str] = []
    for path in ("/login", f"/login?ticket={'x' * 32}"):  # the form, and the link that is used up
        await page.goto(served.url + path)
        results += await unreadable(page, path)
    await page.goto(f"{served.url}/login")
    await page.locator("[name=officer_id]").fill("o-nobody")
    await page.locator("[name=password]").fill("not-the-password")
    await page.locator("button").click()
    await page.locator(".wrong").wait_for()
    results += await unreadable(page, "wrong password")
    page = await troubled.open("o-town-b", lang=lang)
    await at(page, "cases/alt-none")
    await page.locator(".case-file .problem").wait_for()
    results += await unreadable(page, "no such case")
    await page.goto(f"{served.url}/account")
    results += await unreadable(page, "account")
    await page.goto(served.url)
    await page.locator("#sign-out").click()
    await page.locator(".gate-panel").wait_for()
    results += await unreadable(page, "gate")
    assert results == []
