"""A card that several officers have to answer, on wall, desk and phone, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from shared.contracts.fields import Post
from tests.browser.checks import OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, a_console, shot
from tests.support.console_quorum import answer_to, crew_pages, crew_slots

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WORDS = {
    "zh-CN": (
        "需 3 人应答，已有 {} 人",
        "已应答：郑明（A岗）",
        "仍在叫应：",
        "冯涛（指挥长）",
        "您",
    ),
    "en": (
        "{} of 3 have answered",
        "Answered: 郑明 (post A)",
        "Still asked: ",
        "冯涛 (commander)",
        "you",
    ),
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console with one call to three officers, of whom one has answered."""

    async def fill(served: Served) -> None:
        now = datetime.now(UTC)
        for slot in crew_slots(now):
            served.console.deps.directory.apply(slot)
        pages = crew_pages(now)
        await served.console.project([*pages.values(), answer_to(pages[Post.A], now)])

    with a_console(fill) as running:
        yield running


@pytest.mark.parametrize("lang", WORDS)
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (390, 844), (360, 740)])
async def test_a_card_tells_who_has_answered_and_who_is_still_asked(
    visitor: Visitor, lang: str, width: int, height: int
) -> None:
    page = await visitor.open("o-town-b", phone=width < 400, lang=lang, width=width)
    await page.set_viewport_size({"width": width, "height": height})
    quorum = page.locator("#own-pages .quorum, #first .quorum")
    count, answered, waiting, commander, own = WORDS[lang]
    await expect(quorum).to_contain_text(count.format(1))
    await expect(quorum).to_contain_text(answered)
    line = quorum.locator("span", has_text=waiting)
    await expect(line).to_contain_text(commander)
    await expect(line).to_contain_text(own)
    await expect(page.locator(".card [data-focus$='-coming']").first).to_be_in_viewport()
    await shot(page, f"quorum-{lang}-{width}")
    assert await page.evaluate(OVERFLOW) <= 0
    assert await unreadable(page, f"quorum {lang} {width}") == []
