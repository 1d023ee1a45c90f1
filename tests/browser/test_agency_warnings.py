"""The panel of other agencies' warnings on the alarm board: whose, where, from when, until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from shared.contracts.fields import Level
from tests.browser.conftest import Served, Visitor, shot
from tests.component.console.test_agency_warnings import a_warning

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WORDS = {"zh-CN": ("朱沱镇", "至 ", "未生效"), "en": ("朱沱镇", "until ", "to come")}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_a_warning_is_on_the_board_until_its_agency_cancels_it(
    visitor: Visitor, served: Served, lang: str
) -> None:
    place, until, later = WORDS[lang]
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    first = 1 if lang == "en" else 11
    served.run(
        served.console.project(
            [
                a_warning(first, headline="<b>永川区气象台</b>发布暴雨橙色预警"),
                a_warning(first + 1, level=Level.BLUE, effective_at=now + hour,
                          expires_at=now + 3 * hour),
            ]
        )
    )  # fmt: skip
    for width in (1920, 1366, 390):
        page = await visitor.open("o-district-b", lang=lang, width=width)
        await page.locator(".boards a[href='#alarms']").click()
        entries = page.locator("#agency-warnings li")
        await expect(entries).to_have_count(2)
        await expect(entries.first).to_contain_text("<b>永川区气象台</b>")
        await expect(entries.first).to_contain_text(place)
        await expect(entries.first).to_contain_text(until)
        await expect(entries.last).to_contain_text(later)
        await page.locator("#agency-warnings").scroll_into_view_if_needed()
        await shot(page, f"warnings-{width}-{lang}")
        assert await page.evaluate(OVERFLOW) <= 0
    references = (f"wrn-{first}", f"wrn-{first + 1}")
    served.run(served.console.project([a_warning(first + 2, "Cancel", references=references)]))
    page = await visitor.open("o-district-b", lang=lang, width=1366)
    await page.locator(".boards a[href='#alarms']").click()
    await expect(page.locator("#agency-warnings li.empty, #agency-warnings .empty")).to_have_count(
        1
    )
