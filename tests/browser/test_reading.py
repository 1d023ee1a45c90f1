"""Data that is not read yet never looks like calm: every part of every board says so, and says when
it fails.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from services.console.web import assets
from tests.browser.conftest import Visitor, shot, until_true

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
BOARDS = (
    "overview",
    "alarms",
    "command",
    "supervision",
    "reports",
    "duty",
    "modes",
    "drills",
    "cases",
)
READ_BY_NOBODY = {"drills.start", "reports.incident"}
"""Panels that show what is on the page anyway."""
_I18N = Path(assets.__file__).parents[1] / "static" / "i18n"
_LATE_MS = 90_000
"""Six times the longest time after which a part is loaded again: the map, after a failure."""
_ATTEMPTS = 10
"""More attempts than a page makes in that time without a retry of its own."""


def words_of(lang: str) -> dict[str, str]:
    results: dict[str, str] = json.loads((_I18N / f"{lang}.json").read_text())
    return results


class Gate:
    """Stands between the page and the API: holds answers back, fails them, or lets them through."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._fails = False

    async def stand(self, page: Page) -> None:
        await page.route("**/api/**", self._answer)
        await page.route(re.compile(r"/(m|)(\?.*)?$"), self._bare)

    def hold(self) -> None:
        self._fails = False
        self._open.clear()

    def fail(self) -> None:
        self._fails = True
        self._open.set()

    def let_through(self) -> None:
        self._fails = False
        self._open.set()

    async def _answer(self, route: Route) -> None:
        if route.request.method != "GET" or re.search(r"/api/(me|events)\b", route.request.url):
            await route.continue_()
            return
        await self._open.wait()
        if self._fails:
            await route.fulfill(status=503, json={"title": "busy", "reason": "busy"})
        else:
            await route.continue_()

    @staticmethod
    async def _bare(route: Route) -> None:
        """The page without the answers that come with it."""
        if route.request.resource_type != "document":
            await route.continue_()
            return
        answer = await route.fetch()
        text = await answer.text()

        def emptied(match: re.Match[str]) -> str:
            boot = json.loads(html.unescape(match[1]))
            return f"content='{html.escape(json.dumps({**boot, 'first': {}}))}'"

        body = re.sub(r"content='([^']*)'(?=>)", emptied, text, count=1)
        await route.fulfill(response=answer, body=body)


_PANELS = """() => [...document.querySelectorAll("#board .panel:not([hidden])")].map((one) => [
  one.getAttribute("aria-label"),
  [...one.querySelectorAll(".reading")]
    .filter((note) => note.checkVisibility()).map((note) => note.innerText),
])"""
_READING = '() => [...document.querySelectorAll(".reading")].some((one) => one.checkVisibility())'


async def panel_notes(page: Page) -> dict[str, list[str]]:
    """Return the notes of each panel of the board about its reading."""
    return dict(await page.evaluate(_PANELS))


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_no_board_claims_to_be_empty_before_its_data_are_read(
    troubled: Visitor, lang: str
) -> None:
    words = words_of(lang)
    constant = {words[key] for key in READ_BY_NOBODY}
    calm = [text for key, text in words.items() if key.endswith((".none", ".no.plan"))]
    page = await troubled.open("o-city-b", lang=lang)
    await page.wait_for_selector(f'html[lang="{lang}"]', state="attached")
    gate = Gate()
    await gate.stand(page)
    for board in BOARDS:
        gate.hold()
        await page.goto(f"{page.url.split('#')[0].split('?')[0]}#{board}")
        await page.reload()
        await page.wait_for_selector(".link.live")
        await page.wait_for_selector("#board .panel .reading")
        panels = await panel_notes(page)
        text_of_board = await page.locator("#board").inner_text()
        for name, notes in panels.items():
            assert name in constant or words["loading"] in notes, (board, name)
        assert [text for text in calm if text in text_of_board] == [], board
        await shot(page, f"reading-{board}-{lang}")
        gate.fail()
        for name in panels.keys() - constant:
            panel = page.locator(f'#board .panel[aria-label="{name}"]')
            await expect(panel.locator(".reading.failed").first).to_be_visible()
        text_of_board = await page.locator("#board").inner_text()
        assert words["reading.failed"] in text_of_board
        assert [text for text in calm if text in text_of_board] == [], board
        if lang == "zh-CN":
            gate.let_through()
            await until_true(page, f"() => !({_READING})()", _LATE_MS)
    await shot(page, f"read-{lang}")


async def test_a_board_without_its_script_says_so_and_comes_by_itself(troubled: Visitor) -> None:
    words = words_of("zh-CN")
    page = await troubled.open("o-city-b")
    script = "**/assets/wall.later-*"
    attempts: list[str] = []
    enough = asyncio.Event()

    async def fail(route: Route) -> None:
        attempts.append(route.request.url)
        if len(attempts) == _ATTEMPTS:
            enough.set()
        await route.abort()

    await page.route(script, fail)
    await page.goto(f"{page.url.split('#')[0]}#alarms")
    await page.reload()
    note = page.locator("#board > div > .reading")
    await expect(note).to_have_text(words["reading.failed"])
    assert await page.locator(".boards [aria-current]").get_attribute("href") == "#alarms"
    await page.locator(".boards a[href='#overview']").click()
    await page.wait_for_selector("#alerts")
    await page.locator(".boards a[href='#alarms']").click()
    await expect(note).to_have_text(words["reading.failed"])
    async with asyncio.timeout(_LATE_MS / 1_000):
        await enough.wait()
    assert len(set(attempts)) > 1, "a browser may store the failure of an address"
    await page.unroute(script)
    await page.wait_for_selector("#board .panel #sensors")


async def test_data_that_cannot_be_read_again_are_marked_as_old(troubled: Visitor) -> None:
    words = words_of("zh-CN")
    page = await troubled.open("o-city-b")
    await page.wait_for_selector("#commands .card")
    gate = Gate()
    await gate.stand(page)
    gate.fail()
    await page.evaluate("document.querySelector('.boards a[href=\"#supervision\"]').click()")
    await expect(page.locator("#board .reading.failed").first).to_be_visible()
    gate.let_through()
    await page.wait_for_selector("#supervision li:not(.empty)", timeout=_LATE_MS)
    await until_true(page, f"() => !({_READING})()", _LATE_MS)
    gate.fail()
    old = re.compile(re.escape(words["reading.old"]).replace(re.escape("{time}"), ".*"))
    await expect(page.locator("#board .reading.stale").first).to_have_text(old, timeout=60_000)
    await expect(page.locator("#supervision li:not(.empty)").first).to_be_visible()
    await shot(page, "reading-old")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_phone_does_not_claim_to_be_empty_before_its_data_are_read(
    troubled: Visitor, lang: str
) -> None:
    words = words_of(lang)
    page = await troubled.open("o-town-b", phone=True, lang=lang)
    await page.wait_for_selector(f'html[lang="{lang}"]', state="attached")
    gate = Gate()
    await gate.stand(page)
    gate.hold()
    await page.reload()
    await page.wait_for_selector(".link.live")
    for tab in ("pages", "assignments"):
        await page.locator(f"#tab-{tab}").click()
        await expect(page.locator("#reading")).to_have_text(words["loading"])
        await expect(page.locator("#list .empty")).to_have_count(0)
        await expect(page.locator(f"#badge-{tab}")).to_have_text("…")
        await shot(page, f"reading-phone-{tab}-{lang}")
    gate.fail()
    await expect(page.locator("#reading")).to_have_text(words["reading.failed"])
    await expect(page.locator("#list .empty")).to_have_count(0)
    gate.let_through()
    await expect(page.locator("#reading")).to_be_hidden(timeout=_LATE_MS)
    await page.locator("#first .card").first.wait_for()
    await expect(page.locator("#badge-assignments")).not_to_have_text("…")


async def test_the_sheet_of_units_says_that_its_data_are_being_read(troubled: Visitor) -> None:
    words = words_of("zh-CN")
    page = await troubled.open("o-city-b")
    await page.wait_for_selector("#commands .card")
    gate = Gate()
    await gate.stand(page)
    await page.locator("#commands .card").first.get_by_role("button", name="单位").click()
    sheet = page.locator("dialog .sheet")
    await expect(sheet.locator(".reading")).to_have_text(words["loading"])
    gate.fail()
    await expect(sheet.locator(".reading.failed")).to_have_text(words["reading.failed"])
    gate.let_through()
    await sheet.get_by_role("button", name=words["more"]).click()
    await expect(sheet.locator(".reading")).to_be_hidden()
    await expect(sheet.locator("tbody tr").first).to_be_visible()
