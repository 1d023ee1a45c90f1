"""The pictures of the guides: `make pictures` writes them to docs/pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page

from services.console.core.definitions import Definitions
from services.console.web.openapi_contents import EXAMPLES
from shared.definitions.candidates import trial_form
from shared.definitions.rules.pack import RULES
from tests.browser.admin_page import make_administrator, open_tab
from tests.browser.conftest import Served, Visitor
from tests.support.console_events import a_rule

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif("GUIDE_PICTURES" not in os.environ, reason="written by make pictures"),
]
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZE = {"width": 1366, "height": 900}
QUALITY = 60


@pytest.fixture(scope="module", autouse=True)
def filled(served: Served) -> Iterator[None]:
    """Make the administrator, a rule in force and one on trial."""
    make_administrator(served)
    definitions = served.console.deps.part(Definitions)
    definitions.put_rule(a_rule("flood.zhutuo"))
    definitions.put_rule(trial_form(RULES, a_rule("flood.zhutuo")))
    yield
    definitions.rules.clear()


async def keep(page: Page, name: str, lang: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.{lang}.jpg"
    await page.screenshot(path=path, type="jpeg", quality=QUALITY)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_pictures_of_the_guides(visitor: Visitor, served: Served, lang: str) -> None:
    page = await open_tab(visitor, served, "start", lang=lang)
    await page.set_viewport_size(SIZE)  # type: ignore[arg-type]
    await page.locator(".start-steps > li").nth(5).wait_for()
    await page.locator("#account-list .card").nth(3).wait_for()
    await keep(page, "admin-start", lang)
    await page.goto(f"{served.url}/admin#rules")
    await page.locator("#definition-list .card").nth(1).wait_for()
    await page.locator("textarea[name=text]").fill(
        EXAMPLES["post", "/api/definitions/check"]["text"]
    )
    await page.locator("[data-focus=check]").click()
    await page.locator("#definition-results .chip").first.wait_for()
    await keep(page, "admin-rules", lang)
    page = await visitor.open("o-town-b", lang=lang)
    await page.set_viewport_size(SIZE)  # type: ignore[arg-type]
    await page.locator(".boards a[href='#command']").click()
    await page.locator("#own-pages .card").first.wait_for()
    await keep(page, "officer-command", lang)
