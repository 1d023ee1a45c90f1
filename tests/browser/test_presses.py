"""Tasks of a night: presses counted, the keyboard alone, names and contrast, at every width."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page as Screen
from playwright.async_api import Route, expect

from deploy.example.units import all_units
from shared.contracts.alerts import AlertState
from shared.contracts.assignments import AssignmentState
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Level
from shared.contracts.pages import Answer, SubjectKind
from tests.browser.checks import OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, a_console, shot, until_true
from tests.browser.test_acts import sent
from tests.browser.test_incidents import COUNT_PRESSES, presses
from tests.support.console_events import (
    DISTRICT,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    an_alert,
    an_assignment,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
LANGUAGES = ("zh-CN", "en")
HEIGHTS = {1920: 1080, 1366: 768, 390: 844, 360: 740}
PHONE = 400
OFFICER = "o-town-b"
GRIDS = [
    unit.unit for unit in all_units() if unit.unit.startswith("500118118") and "/" in unit.unit
]
MOST_STEPS = 120
FOCUS_IS_SEEN = """(wanted) => {
  const node = document.activeElement;
  if (!node.matches(wanted)) return "";
  node.scrollIntoView({ block: "nearest" });
  const box = node.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const marked = [node, node.closest("label"), node.closest(".card")].some((part) => {
    const style = part && getComputedStyle(part);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  if (!marked) return "no mark of the focus";
  return node === top || node.contains(top) || node.closest("label")?.contains(top)
    ? "seen" : `covered by ${top?.outerHTML.slice(0, 80)}`;
}"""
"""Whether the focus is on a wanted control, and whether a person sees that it is."""

IS_WHOLE = """(cell) => {
  const [word, table] = [cell, cell.closest(".scroller")].map((p) => p.getBoundingClientRect());
  return word.right <= table.right;
}"""
"""Whether a cell is seen without moving its table aside."""


@dataclass(frozen=True)
class View:
    """A screen of one width in one language, used by pointer or by the keyboard alone."""

    lang: str
    width: int
    keyboard: bool = False

    @property
    def name(self) -> str:
        return f"{self.lang}-{self.width}{'-keyboard' if self.keyboard else ''}"


VIEWS = [View(lang, width) for lang in LANGUAGES for width in HEIGHTS]
VIEWS += [View("zh-CN", 1366, keyboard=True), View("en", 360, keyboard=True)]
views = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


class Hand:
    """Presses controls on a page, by pointer or by keyboard, and judges what it sees."""

    def __init__(self, page: Screen, view: View) -> None:
        self.page = page
        self._view = view

    async def press(self, selector: str) -> None:
        """Press a control."""
        if self._view.keyboard:
            await self._reach(selector)
            await self.page.keyboard.press("Enter")
        else:
            await self.page.locator(selector).first.click()

    async def choose(self, selector: str, group: str) -> None:
        """Choose one of a group of radio buttons."""
        if not self._view.keyboard:
            await self.page.locator(selector).check()
            return
        await self._reach(group)
        for _ in range(9):
            if await self.page.locator(selector).is_checked():
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows do not lead to {selector}")

    async def _reach(self, selector: str) -> None:
        """Go from control to control until the focus is on this one, and seen there."""
        await self.page.locator(selector).first.wait_for()
        for _ in range(MOST_STEPS):
            result = await self.page.evaluate(FOCUS_IS_SEEN, selector)
            if result:
                assert result == "seen", selector
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {selector}")

    async def judge(self, place: str, most: int) -> None:
        """Judge width, contrast, names and the number of presses so far."""
        name = f"{place}-{self._view.name}"
        await shot(self.page, name)
        assert await self.page.evaluate(OVERFLOW) <= 0
        assert await unreadable(self.page, name) == []
        assert await presses(self.page) <= (0 if self._view.keyboard else most)


async def opened(visitor: Visitor, view: View, officer: str = OFFICER, board: str = "") -> Hand:
    """Open the phone page on a phone, and the live screen on a wall or desk."""
    phone = view.width < PHONE and board != "overview"
    page = await visitor.open(officer, phone=phone, lang=view.lang, width=view.width)
    await page.set_viewport_size({"width": view.width, "height": HEIGHTS[view.width]})
    if board and not phone:
        await page.evaluate("(hash) => { location.hash = hash; }", board)
    await page.evaluate(COUNT_PRESSES)
    return Hand(page, view)


async def fill(served: Served) -> None:
    """Fill a console with one command that the town has signed and eight grids have not."""
    command = a_command("night", DISTRICT, at=datetime.now(UTC))
    signed = an_assignment(command, ZHUTUO, state=AssignmentState.SIGNED)
    await served.console.project([command, signed, *(an_assignment(command, u) for u in GRIDS[:8])])


def late_pages(name: str) -> list[Envelope]:
    """Return a command with eight late grids, and the pages about them."""
    now = datetime.now(UTC)
    command = a_command(name, DISTRICT, at=now)
    tasks = [an_assignment(command, unit) for unit in GRIDS[:8]]
    pages = [
        a_page(
            OFFICER,
            ZHUTUO,
            name=f"{name}-{n}",
            at=now + timedelta(seconds=n),
            subject=SubjectKind.SUPERVISION,
            headline="督办升级：朱沱镇 防汛橙色指令 ‖ Escalation: flood order for Zhutuo",
            text="该单位超期未办结反馈，请督促。 ‖ The unit is late with its report. Urge it.",
        ).model_copy(update={"command_id": command.command_id, "assignment_id": task.assignment_id})
        for n, task in enumerate(tasks)
    ]
    return [command, *tasks, *pages]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console of the module's own: the tests answer its pages and sign its tasks."""
    with a_console(fill) as running:
        yield running


async def new_records(
    page: Screen, served: Served, kind: str, before: int, count: int
) -> list[dict[str, Any]]:
    """Return the records after the first `before`, once there are `count` of them."""
    for _ in range(600):
        new = sent(served, kind)[before:]
        if len(new) >= count:
            break
        await page.wait_for_timeout(100)
    return new


@views
async def test_one_press_answers_all_pages_about_one_command(
    visitor: Visitor, served: Served, view: View
) -> None:
    served.run(served.console.project(late_pages(f"late-{view.name}")))
    hand = await opened(visitor, view)
    page = hand.page
    card = page.locator("#own-pages .card, #first .card")
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("8 in one" if view.lang == "en" else "共 8 件")
    await expect(card).to_contain_text("Escalation" if view.lang == "en" else "督办升级")
    await expect(card.locator(".late-units")).to_be_visible()
    await hand.judge("matter", 0)
    before = len(sent(served, "answer"))
    await hand.press(".card [data-focus$='-coming']")
    if not view.keyboard:
        await until_true(page, "() => window.presses === 1")
    for _ in range(600):
        new = [answer for answer in sent(served, "answer")[before:] if answer["verb"] == "coming"]
        if len({answer["page_id"] for answer in new}) == 8:
            break
        await page.wait_for_timeout(100)
    assert len({answer["page_id"] for answer in new}) == 8
    assert await presses(page) == (0 if view.keyboard else 1)
    served.run(
        served.console.project([Answer.model_validate_json(json.dumps(record)) for record in new])
    )


@views
async def test_two_presses_sign_a_task(visitor: Visitor, served: Served, view: View) -> None:
    hand = await opened(visitor, view, "o-village-b", "command")
    command = a_command(f"sign-{view.name}", DISTRICT, at=datetime.now(UTC))
    task = an_assignment(command, VILLAGE)
    served.run(served.console.project([command, task]))
    before = len(sent(served, "acknowledgement"))
    await hand.press(f"[data-focus='{task.assignment_id}-sign']")
    await hand.judge("sign", 1)
    await hand.press("dialog form button[type=submit]")
    await expect(hand.page.locator("dialog")).to_have_count(0)
    (step,) = await new_records(hand.page, served, "acknowledgement", before, 1)
    assert (step["step"], step["command_id"]) == ("sign", command.command_id)
    await hand.judge("signed", 2)


async def test_the_phone_opens_on_what_waits_although_the_language_was_pressed_first(
    visitor: Visitor, served: Served
) -> None:
    command = a_command("first", DISTRICT, at=datetime.now(UTC))
    served.run(served.console.project([command, an_assignment(command, VILLAGE)]))
    page = await visitor.page(phone=True)
    loaded = asyncio.Event()

    async def hold(route: Route) -> None:
        await loaded.wait()
        await route.continue_()

    await page.route("**/api/assignments*", hold)
    await page.goto(served.link("o-village-b", phone=True))
    await page.click("#language")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    loaded.set()
    await expect(page.locator("#tab-assignments")).to_have_attribute("aria-selected", "true")


@views
async def test_five_presses_issue_a_yellow_alert(
    visitor: Visitor, served: Served, view: View
) -> None:
    alert = an_alert(
        f"yellow-{view.name}",
        state=AlertState.PENDING_APPROVAL,
        proposed=Level.YELLOW,
        approver=DISTRICT,
        version=3,
    )
    served.run(served.console.project([alert]))
    hand = await opened(visitor, view, "o-district-b", "overview")
    before = len(sent(served, "alert_decision"))
    await hand.press(f"[data-focus='{alert.alert_id}-approve']")
    await hand.choose("dialog [type=radio][value=yellow]", "dialog [type=radio]")
    await hand.judge("issue", 4)
    await hand.press("dialog form button[type=submit]")
    await expect(hand.page.locator("dialog")).to_have_count(0)
    (decision,) = await new_records(hand.page, served, "alert_decision", before, 1)
    assert (decision["verb"], decision["level"]) == ("approve", "yellow")
    await hand.judge("issued", 5)


@views
async def test_one_press_names_who_has_not_signed(
    visitor: Visitor, served: Served, view: View
) -> None:
    command = a_command("night", DISTRICT)
    hand = await opened(visitor, view, "o-district-b", "overview")
    await hand.press(f"#commands [data-focus='{command.command_id}-units']")
    rows = hand.page.locator("dialog tbody tr")
    await expect(rows).to_have_count(9)
    word = rows.get_by_text("unsigned" if view.lang == "en" else "待签收", exact=True)
    await expect(word).to_have_count(8)
    await expect(rows.last).to_contain_text("朱沱镇")  # the one that has signed
    assert await word.first.evaluate(IS_WHOLE)
    await hand.judge("unsigned", 1)


@views
async def test_the_sign_in_page_is_readable(visitor: Visitor, served: Served, view: View) -> None:
    page = await visitor.page(lang=view.lang, width=view.width)
    await page.goto(f"{served.url}/login")
    await expect(page.locator(".office .product")).to_contain_text("烽火")
    await expect(page.get_by_label("姓名、电话或代号")).to_be_focused()
    await page.evaluate(COUNT_PRESSES)
    await Hand(page, view).judge("sign-in", 0)
