"""The cards of a command name the warning of another agency behind it, on wall, desk and phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from tests.browser.checks import OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, a_console, shot
from tests.component.console.test_agency_warnings import a_warning
from tests.support.console_events import DISTRICT, ZHUTUO, a_command, an_assignment

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WORDS = {"zh-CN": "据外部预警：", "en": "Because of a warning: "}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console with a command because of a warning."""

    async def fill(served: Served) -> None:
        warning = a_warning(1, sender_name="<i>永川区气象台</i>", headline="<b>暴雨</b>橙色预警")
        command = a_command("rain", DISTRICT, issuer=DISTRICT, at=datetime.now(UTC)).model_copy(
            update={"warning_id": warning.id}
        )
        await served.console.project([warning, command, an_assignment(command, ZHUTUO)])

    with a_console(fill) as running:
        yield running


@pytest.mark.parametrize("lang", WORDS)
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (390, 844)])
async def test_the_card_of_a_command_names_the_warning_behind_it(
    visitor: Visitor, lang: str, width: int, height: int
) -> None:
    page = await visitor.open("o-district-b", lang=lang, width=width)
    await page.set_viewport_size({"width": width, "height": height})
    for board in ("overview", "command"):
        await page.evaluate("(hash) => { location.hash = hash; }", board)
        line = page.locator("#commands .card .behind, #command-list .card .behind")
        await expect(line).to_contain_text(f"{WORDS[lang]}<b>暴雨</b>橙色预警")
        await expect(line).to_contain_text("<i>永川区气象台</i>")
        await line.scroll_into_view_if_needed()
        await shot(page, f"behind-{board}-{lang}-{width}")
        assert await page.evaluate(OVERFLOW) <= 0
        assert await unreadable(page, f"{board} {lang} {width}") == []
