"""Every free text of every record on the screens is hostile at once; every page stays a page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
import pytest
from PIL import Image
from playwright.async_api import Page
from pydantic import BaseModel

from deploy.example.units import all_units
from services.console.accounts import Account, import_accounts
from shared.contracts.cases import CaseReview, ReviewFinding
from shared.contracts.fields import Post, Tier
from shared.contracts.ids import content_id
from tests.browser.conftest import Served, Visitor, a_console, until_true
from tests.browser.test_boards import BOARDS, go
from tests.support.console_duty_records import duty_records, slots
from tests.support.console_events import HOSTILE_TEXT, VILLAGE, ZHUTUO
from tests.support.console_harness import GAUGE, catalogued, token_of
from tests.support.console_history import history
from tests.support.console_screen_records import screen_records

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAYLOAD = f"'\"><svg/onload=alert(2)>javascript:alert(3){HOSTILE_TEXT}"
FOREIGN = "img[onerror], svg[onload], iframe, object, a[href^='javascript']"
CASE = content_id("alt", "river")
NOTED: list[str] = []
"""The command that the noted photo belongs to."""
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
                poisoned(base_model) if isinstance(base_model, BaseModel) else base_model
                for base_model in value
            )
        elif isinstance(value, str) and not isinstance(value, Enum) and _is_free(name, field):
            changes[name] = PAYLOAD
            POISONED.add(f"{type(message).__name__}.{name}")
    return message.model_copy(update=changes)


def _is_free(name: str, field: object) -> bool:
    return "AfterValidator" in repr(field) and name != "zone"


def a_review(at: datetime) -> CaseReview:
    finding = ReviewFinding(
        command_id="cmd-f", owner=VILLAGE, title="堤防", instruction="加固", finish_by=at
    )
    return CaseReview(
        id="rev-1", occurred_at=at, sent_at=at, origin_unit=ZHUTUO, tier=Tier.TOWN, case_id=CASE,
        officer_id="o-city-b", post=Post.B, text="及时", findings=(finding,),
    )  # fmt: skip


async def a_noted_photo(served: Served) -> None:
    """A photo of the own task of o-village-b with the payload for its note."""
    out = BytesIO()
    Image.new("RGB", (320, 240), "teal").save(out, "JPEG")
    async with served.console.client("o-village-b") as client:
        tasks = (await client.get("/api/assignments?open=1")).json()["assignments"]
        answer = await client.post(
            f"/api/assignments/{tasks[0]['assignment_id']}/photos",
            params={"note": PAYLOAD},
            content=out.getvalue(),
        )
        assert answer.status_code == 200, answer.text
        NOTED.append(tasks[0]["command_id"])


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The night, the boards and the desk of the other tests, poisoned."""

    async def fill(running: Served) -> None:
        now = datetime.now(UTC)
        units = [
            unit_entry.unit
            for unit_entry in all_units()
            if unit_entry.unit.startswith("50011811820")
        ]
        for slot in slots(now):
            running.console.deps.directory.apply(poisoned(slot))
        running.console.deps.names.apply(catalogued(poisoned(GAUGE)))
        records = [*history(units, now), *screen_records(now), *duty_records(now), a_review(now)]
        await running.console.project([poisoned(message) for message in records])
        named = Account(officer_id="o-hostile", name="o", unit=ZHUTUO, post=Post.B)
        await import_accounts(running.dsn, [named.model_copy(update={"name": PAYLOAD})])
        await a_noted_photo(running)

    with a_console(fill) as running:
        yield running


async def is_only_text(page: Page, where: str) -> None:
    """The payload is there to read and is nothing else."""
    await until_true(page, "() => document.body.innerText.includes('onerror=alert(1)')")
    assert await page.locator(FOREIGN).count() == 0, where
    assert await page.get_by_text("粗", exact=True).count() == 0, where


async def test_every_board_shows_hostile_words_as_text(visitor: Visitor) -> None:
    page = await visitor.open("o-city-b")
    await page.locator("#alerts .card").first.wait_for()
    await is_only_text(page, "overview")
    for board in BOARDS:
        await go(page, board)
        await is_only_text(page, board)


async def test_dialogs_of_boards_show_hostile_words_as_text(visitor: Visitor) -> None:
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


async def test_the_phone_shows_hostile_words_as_text(visitor: Visitor) -> None:
    for officer in ("o-town-b", "o-songji-b"):
        page = await visitor.open(officer, phone=True)
        await is_only_text(page, officer)


async def test_hostile_names_are_text_on_the_account_and_on_both_pages(visitor: Visitor) -> None:
    page = await visitor.open("o-hostile")
    await is_only_text(page, "wall")
    await page.goto(page.url.partition("#")[0] + "account")
    await is_only_text(page, "account")
    assert await page.locator("script, [style]").count() == 0
    page = await visitor.open("o-hostile", phone=True)
    await is_only_text(page, "phone")


async def test_the_form_repeats_no_typed_word(troubled: Visitor, served: Served) -> None:
    page = await troubled.page()
    await page.goto(f"{served.url}/login")
    await page.locator("[name=officer_id]").fill(PAYLOAD[:128])
    await page.locator("[name=password]").fill(PAYLOAD)
    await page.locator("button").click()
    await page.locator(".wrong").wait_for()
    assert "alert(" not in await page.content()
    page = await troubled.open("o-hostile")
    await page.goto(f"{served.url}/account")
    await page.locator("[name=present]").fill(PAYLOAD)
    for name in ("new", "again"):
        await page.locator(f"[name={name}]").fill(PAYLOAD)
    await page.locator("button").first.click()
    await page.locator(".wrong").wait_for()
    await is_only_text(page, "account, refused")  # the name, and nothing that was typed
    assert (await page.content()).count("alert(1)") == 1


REFUSED = (
    "/{}",
    "/login?ticket={}",
    "/login?next={}",
    "/password?ticket={}",
    "/static/{}",
    "/assets/{}",
    "/api/alerts?status={}",
    "/api/cases/{}",
    "/api/photos/{}?size={}",
    "/login/oidc/callback?error={}&error_description={}&state={}",
)
"""Addresses that are refused, with the payload in their places."""


async def test_a_refusal_is_no_page_that_runs_scripts(troubled: Visitor, served: Served) -> None:
    page = await troubled.open("o-hostile")
    for path in REFUSED:
        address = served.url + path.replace("{}", quote(PAYLOAD, safe=""))
        answer = await page.goto(address)
        assert answer is not None
        assert 400 <= answer.status < 500, path
        kind = answer.headers["content-type"]
        assert kind == "application/problem+json" or "alert(" not in await answer.text(), path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert await page.locator(FOREIGN).count() == 0, path


async def test_addresses_of_our_pages_are_read_as_text(troubled: Visitor, served: Served) -> None:
    page = await troubled.open("o-hostile")
    hostile = quote(PAYLOAD, safe="")
    for path in (f"/?lang={hostile}&status={hostile}", f"/m?lang={hostile}"):
        await page.goto(served.url + path)
        await page.wait_for_selector(".link.live")
        assert await page.locator(FOREIGN).count() == 0, path
    for board in (f"cases/{hostile}", f"reports/{hostile}", hostile):
        await page.goto(f"{served.url}/#{board}")
        await page.wait_for_selector(".link.live")
        assert await page.locator(FOREIGN).count() == 0, board


async def test_recipients_are_shown_as_text(visitor: Visitor) -> None:
    page = await visitor.open("o-town-b")
    await page.locator(".boards a[href='#duty']").click()
    await page.locator("#reach > li").nth(2).wait_for()
    assert "onerror=alert(1)" in await page.locator("#reach").inner_text()
    await is_only_text(page, "reachability")
    await page.locator("#reach-test").click()
    await page.locator("dialog form").wait_for()
    await is_only_text(page, "communication test")


async def test_the_note_of_a_photo_is_text_on_every_screen(
    visitor: Visitor, served: Served
) -> None:
    page = await visitor.open("o-village-b", phone=True)
    await page.click("#tab-assignments")
    await notes_are_text(page, "phone")
    page = await visitor.open("o-city-b")
    await page.goto(f"{served.url}/#cases/{NOTED[0]}")
    await notes_are_text(page, "case")
    async with served_client(served) as client:
        file = await client.get(f"/api/cases/{NOTED[0]}/export")
    page = await visitor.page()
    await page.set_content(file.text)
    await page.locator(".photos img").first.wait_for()
    loaded = "(img) => img.decode().then(() => img.naturalWidth)"
    assert await page.locator(".photos img").evaluate(loaded) == 320
    await is_only_text(page, "file")


def served_client(served: Served) -> httpx2.AsyncClient:
    """A script of the city's officer, over the wire."""
    headers = {"authorization": f"Bearer {token_of('o-city-b')}"}
    return httpx2.AsyncClient(base_url=served.url, headers=headers, timeout=60)


async def notes_are_text(page: Page, where: str) -> None:
    image = page.locator(".photos img").first
    await image.wait_for()
    note = await image.get_attribute("alt") or ""
    assert "<img src=x onerror=alert(1)>" in note, where
    assert "\u202e" not in note, where  # it would turn the words around it
    await is_only_text(page, where)


async def test_the_texts_of_all_these_records_were_hostile(served: Served) -> None:
    """Without it a record that nobody poisons any more would pass unseen."""
    assert served.url
    assert {
        "AlertEvent.headline", "AlertEvent.text", "AlarmEvent.headline", "CommandEvent.title",
        "CommandEvent.instruction", "AssignmentEvent.title", "AssignmentEvent.reason",
        "Acknowledgement.text", "SupervisionEvent.title", "Page.headline", "Page.text",
        "Officer.name", "Leave.reason", "DutyCoverage.headline", "ModeProposal.title",
        "ModeProposal.reason", "SilenceEvent.reason", "Report.headline", "Report.text",
        "ReportFacts.place_text", "ReportDuty.title", "CaseReview.text", "ReviewFinding.title",
        "ReviewFinding.instruction",
    } <= POISONED  # fmt: skip
