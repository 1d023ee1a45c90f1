"""A sensor that was never heard is named as such on the alarm board, on wall, desk and phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.browser.checks import OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, a_console, shot
from tests.support.console_events import ZHUTUO, a_silent_sensor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WORDS = {"zh-CN": "从未收到数据", "en": "never heard"}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console with a sensor that was never heard and one that has fallen silent."""

    async def fill(served: Served) -> None:
        unheard = a_silent_sensor("unheard", ZHUTUO).model_copy(update={"last_seen_at": None})
        await served.console.project([unheard, a_silent_sensor("gone", ZHUTUO)])

    with a_console(fill) as running:
        yield running


@pytest.mark.parametrize("lang", WORDS)
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (390, 844)])
async def test_a_sensor_never_heard_is_named_as_such(
    visitor: Visitor, lang: str, width: int, height: int
) -> None:
    page = await visitor.open("o-district-b", lang=lang, width=width)
    await page.set_viewport_size({"width": width, "height": height})
    await page.evaluate("location.hash = 'alarms'")
    sensors = page.locator("#sensors li")
    await expect(sensors).to_have_count(2)
    await expect(sensors.filter(has_text="unheard")).to_contain_text(WORDS[lang])
    await expect(sensors.filter(has_text="gone")).not_to_contain_text(WORDS[lang])
    await sensors.first.scroll_into_view_if_needed()
    await shot(page, f"never-heard-{lang}-{width}")
    assert await page.evaluate(OVERFLOW) <= 0
    assert await unreadable(page, f"never heard {lang} {width}") == []
