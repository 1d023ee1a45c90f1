"""A sensor that was never heard is named as such wherever its silence is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from shared.contracts.alarms import AlarmEvent, Evidence
from shared.contracts.fields import Level
from tests.browser.checks import OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, a_console, shot
from tests.support.console_events import ZHUTUO, a_silent_sensor, an_alarm

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WORDS = {"zh-CN": "从未收到数据", "en": "never heard"}
NOTE = "从未收到数据，自 12月2日 08:00 起等待 ‖ never heard, awaited since 2 Dec 08:00"
NOTES = dict(zip(WORDS, NOTE.split(" ‖ "), strict=True))
SPANS = {"zh-CN": "15 分钟", "en": "15 minutes"}


def an_alarm_of_silence() -> AlarmEvent:
    """Return the alarm of a sensor that was never heard."""
    evidence = Evidence(
        metric="silence", value=900.0, unit="s", limit=900.0, event_id="exp-1", note=NOTE
    )
    change = {"kind": "absence", "evidence": evidence, "headline": "掉线 ‖ silent"}
    return an_alarm("unheard", level=Level.NOTICE).model_copy(update=change)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console with a sensor that was never heard and one that has fallen silent."""

    async def fill(served: Served) -> None:
        unheard = a_silent_sensor("unheard", ZHUTUO).model_copy(update={"last_seen_at": None})
        silent = a_silent_sensor("gone", ZHUTUO)
        await served.console.project([unheard, silent, an_alarm_of_silence()])

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


@pytest.mark.parametrize("lang", WORDS)
@pytest.mark.parametrize("width", [1920, 1366, 390])
async def test_its_alarm_says_so_in_the_table_and_on_the_sheet_of_the_sensor(
    visitor: Visitor, lang: str, width: int
) -> None:
    page = await visitor.open("o-district-b", lang=lang, width=width)
    await page.evaluate("location.hash = 'alarms'")
    row = page.locator("#alarms tbody tr")
    await expect(row).to_contain_text(NOTES[lang])
    await expect(row).not_to_contain_text(SPANS[lang])
    await expect(row).not_to_contain_text("‖")
    await shot(page, f"never-heard-alarm-{lang}-{width}")
    await page.evaluate("location.hash = 'sensors'")
    await page.get_by_role("searchbox").fill("gauge-zhu")
    await page.locator("#sensor-list a").press("Enter")
    sheet = page.locator("#sensor .chart")
    await sheet.locator("summary").press("Enter")
    await expect(sheet).to_contain_text(NOTES[lang])
    await expect(sheet).not_to_contain_text(SPANS[lang])
    await shot(page, f"never-heard-sheet-{lang}-{width}")
    assert await page.evaluate(OVERFLOW) <= 0
