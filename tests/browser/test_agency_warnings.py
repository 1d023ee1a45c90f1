"""The panel of other agencies' warnings on the alarm board: whose, where, from when, until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from shared.contracts.fields import Level
from tests.browser.conftest import Served, Visitor, shot
from tests.browser.test_acts import sent
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


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_a_warning_becomes_a_command_after_a_look(
    visitor: Visitor, served: Served, lang: str
) -> None:
    first = 31 if lang == "en" else 41
    warning = a_warning(
        first,
        event_type="11B05",
        sender_name="<i>永川区气象台</i>",
        headline="<b>大风</b>橙色预警",
        description="阵风将达 9 级。",
        instruction="停止高空作业。",
    )
    served.run(served.console.project([warning]))
    for width in (1920, 390, 1366):
        page = await visitor.open("o-district-b", lang=lang, width=width)
        await page.locator(".boards a[href='#alarms']").click()
        await page.locator(f"[data-focus='{warning.id}-command']").click()
        dialog = page.locator("dialog")
        await expect(dialog.locator("#recipients")).to_have_text("1")
        assert await page.evaluate(OVERFLOW) <= 0
        await shot(page, f"warning-command-{width}-{lang}")
    title, text = dialog.locator("[name=title]"), dialog.locator("[name=instruction]")
    assert (await title.input_value()).endswith("<b>大风</b>橙色预警")
    for words in ("<i>永川区气象台</i>", "cma", "“阵风将达 9 级。”", "“停止高空作业。”"):
        assert words in await text.input_value(), words
    await expect(dialog.locator("[name=event]")).to_have_value("11B05")
    await expect(dialog.locator("[name=level][value=orange]")).to_be_checked()
    await expect(dialog.locator(".part.stored")).to_contain_text("朱沱镇")
    await dialog.locator("[name=typed]").fill("1")
    await dialog.locator("button[type=submit]").click()
    await expect(dialog).to_have_count(0)
    request = sent(served, "command_request")[-1]
    assert request["references"] == [warning.id]
    (part,) = request["selection"]["include"]
    assert part["units"] == ["500118118000"]
    cancel = a_warning(first + 1, "Cancel", references=(warning.id,))
    served.run(served.console.project([cancel]))


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_gravest_warnings_are_on_the_overview_while_they_hold(
    visitor: Visitor, served: Served, lang: str
) -> None:
    first = 51 if lang == "en" else 61
    panel = ".board .panel.warnings"
    page = await visitor.open("o-district-b", lang=lang, width=1366)
    await expect(page.locator("#alerts li.card").first).to_be_visible()
    await expect(page.locator(panel)).to_be_hidden()
    levels = (Level.BLUE, Level.YELLOW, Level.RED, Level.ORANGE)
    warnings = [
        a_warning(first + number, level=level, headline=f"大风{level.value}")
        for number, level in enumerate(levels)
    ]
    served.run(served.console.project(warnings))
    for width in (1920, 1366, 390):
        page = await visitor.open("o-district-b", lang=lang, width=width)
        entries = page.locator(f"{panel} li")
        await expect(entries).to_contain_text(["大风red", "大风orange", "大风yellow"])
        await expect(entries.first).to_contain_text(WORDS[lang][1])
        assert await page.evaluate(OVERFLOW) <= 0
        await entries.first.scroll_into_view_if_needed()
        await shot(page, f"warnings-overview-{width}-{lang}")
    await page.locator(f"{panel} header a").click()
    await expect(page.locator("#agency-warnings li")).to_have_count(4)
    neighbour = await visitor.open("o-songji-b", lang=lang, width=1366)
    await expect(neighbour.locator("#alerts, #alerts-tail").first).to_be_visible()
    await expect(neighbour.locator(panel)).to_be_hidden()
    references = tuple(warning.id for warning in warnings)
    served.run(served.console.project([a_warning(first + 9, "Cancel", references=references)]))
    page = await visitor.open("o-district-b", lang=lang, width=1366)
    await expect(page.locator("#alerts li.card").first).to_be_visible()
    await expect(page.locator(panel)).to_be_hidden()
