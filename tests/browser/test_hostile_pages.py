"""Every free text of every record on the screens is hostile at once; every page stays a page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

import pytest
from playwright.async_api import Page
from pydantic import BaseModel

from deploy.local.data.units import all_units
from shared.contracts.cases import CaseReview, Finding
from shared.contracts.fields import Post, Tier
from shared.contracts.ids import content_id
from tests.browser.conftest import Served, Visitor, a_console
from tests.browser.test_boards import BOARDS, go
from tests.support.console_boards import boards
from tests.support.console_desk import desk, slots
from tests.support.console_night import night
from tests.support.console_scene import HOSTILE_TEXT, VILLAGE, ZHUTUO

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAYLOAD = f"'\"><svg/onload=alert(2)>javascript:alert(3){HOSTILE_TEXT}"
FOREIGN = "img[onerror], svg[onload], iframe, object, a[href^='javascript']"
CASE = content_id("alt", "river")
POISONED: set[str] = set()
"""`Model.field` of what was made hostile."""

Model = TypeVar("Model", bound=BaseModel)


def poisoned(message: Model) -> Model:
    """The message with the payload in every field of free text (a Line or a Text), however deep."""
    changes: dict[str, Any] = {}
    for name, field in type(message).model_fields.items():
        value = getattr(message, name)
        if isinstance(value, BaseModel):
            changes[name] = poisoned(value)
        elif isinstance(value, tuple):
            changes[name] = tuple(
                poisoned(one) if isinstance(one, BaseModel) else one for one in value
            )
        elif isinstance(value, str) and not isinstance(value, Enum) and _is_free(name, field):
            changes[name] = PAYLOAD
            POISONED.add(f"{type(message).__name__}.{name}")
    return message.model_copy(update=changes)


def _is_free(name: str, field: object) -> bool:
    return "AfterValidator" in repr(field) and name != "zone"


def a_review(at: datetime) -> CaseReview:
    finding = Finding(
        command_id="cmd-f", owner=VILLAGE, title="堤防", instruction="加固", finish_by=at
    )
    return CaseReview(
        id="rev-1", occurred_at=at, sent_at=at, origin_unit=ZHUTUO, tier=Tier.TOWN, case_id=CASE,
        officer_id="o-city-b", post=Post.B, text="及时", findings=(finding,),
    )  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The night, the boards and the desk of the other tests, poisoned."""

    async def fill(found: Served) -> None:
        now = datetime.now(UTC)
        units = [one.unit for one in all_units() if one.unit.startswith("50011811820")]
        for slot in slots(now):
            found.bench.wiring.directory.take(poisoned(slot))
        history = [*night(units, now), *boards(now), *desk(now), a_review(now)]
        await found.bench.project([poisoned(one) for one in history])

    with a_console(fill) as found:
        yield found


async def is_only_text(page: Page, where: str) -> None:
    """The payload is there to read and is nothing else."""
    shown = "document.body.innerText.includes('onerror=alert(1)')"
    await page.wait_for_function(shown)
    assert await page.locator(FOREIGN).count() == 0, where
    assert await page.get_by_text("粗", exact=True).count() == 0, where


async def test_every_board_shows_it_as_text(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await page.locator("#alerts .card").first.wait_for()
    await is_only_text(page, "overview")
    for board in BOARDS:
        await go(page, board)
        await is_only_text(page, board)


async def test_what_opens_behind_a_board_shows_it_as_text(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await page.locator("#alerts .card").first.get_by_role("button", name="详情").click()
    await page.locator("dialog .sheet .scales").wait_for()
    await is_only_text(page, "alert")
    await page.keyboard.press("Escape")
    await go(page, "cases")
    await page.goto(f"{page.url.partition('#')[0]}#cases/{CASE}")
    await page.locator(".case-file h2").first.wait_for()
    await is_only_text(page, "case")
    await go(page, "reports")
    await page.locator("#report-duties a").first.click()
    await page.locator("#incident").wait_for()
    await is_only_text(page, "incident")


async def test_the_phone_shows_it_as_text(visitor: Visitor) -> None:
    for officer in ("o-town-b", "o-songji-b"):
        page = await visitor.open(officer, phone=True)
        await is_only_text(page, officer)


async def test_the_texts_of_all_these_records_were_hostile(served: Served) -> None:
    """Without it a record that nobody poisons any more would pass unseen."""
    assert served.url
    assert {
        "AlertEvent.headline", "AlertEvent.text", "AlarmEvent.headline", "CommandEvent.title",
        "CommandEvent.instruction", "AssignmentEvent.title", "AssignmentEvent.reason",
        "Acknowledgement.text", "SupervisionEvent.title", "Page.headline", "Page.text", "Officer.name",
        "Leave.reason", "DutyCoverage.headline", "ModeProposal.title", "ModeProposal.reason",
        "SilenceEvent.reason", "Report.headline", "Report.text", "ReportFacts.place_text",
        "ReportDuty.title", "CaseReview.text", "Finding.title", "Finding.instruction",
    } <= POISONED  # fmt: skip
