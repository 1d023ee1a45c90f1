"""The panel of other agencies' warnings on the alarm board: whose, where, from when, until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from shared.contracts.fields import Level
from tests.browser.conftest import Served, Visitor, shot
from tests.browser.test_acts import sent
from tests.browser.test_incidents import COUNT_PRESSES
from tests.browser.test_presses import HEIGHTS, LANGUAGES, Hand, View
from tests.component.console.test_agency_warnings import a_warning

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
CUT = """(list) => [...list.querySelectorAll("li:not([hidden])")]
  .filter((entry) => {
    const [frame, box] = [list.getBoundingClientRect(), entry.getBoundingClientRect()];
    return box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
  })
  .map((entry) => entry.innerText)"""
"""Entries of a list that are not shown whole."""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WORDS = {"zh-CN": ("朱沱镇", "至 ", "未生效"), "en": ("朱沱镇", "until ", "to come")}

OVER_WORDS = {"zh-CN": "该外部预警已失效", "en": "The warning has ended"}
COUNT_WORDS = {"zh-CN": "共 4 条，显示前 {} 条", "en": "4 in all, the first {} shown"}
LONG = "永川区气象台发布预警：沿江乡镇、山区和低洼地带阵风将达 9 级，请停止高空和水上作业。"


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


VIEWS = [View(lang, width) for lang in LANGUAGES for width in (1920, 1366, 390)]
VIEWS += [View("zh-CN", 1366, keyboard=True), View("en", 390, keyboard=True)]


@pytest.mark.parametrize("number", range(len(VIEWS)), ids=lambda number: VIEWS[number].name)
async def test_a_warning_becomes_an_incident_in_three_presses(
    visitor: Visitor, served: Served, number: int
) -> None:
    view = VIEWS[number]
    warning = a_warning(
        100 + 2 * number,
        event_type="11B05",
        sender_name="<i>永川区气象台</i>",
        headline="<b>大风</b>橙色预警",
        description="阵风将达 9 级。",
        instruction="停止高空作业。",
    )
    served.run(served.console.project([warning]))
    page = await visitor.open("o-district-b", lang=view.lang, width=view.width)
    await page.set_viewport_size({"width": view.width, "height": HEIGHTS[view.width]})
    await page.evaluate(COUNT_PRESSES)
    hand = Hand(page, view)
    await hand.press(".boards a[href='#alarms']")
    await hand.press(f"[data-focus='{warning.id}-incident']")
    dialog = page.locator("dialog")
    await expect(dialog.locator("[name=event][value='11B05']")).to_be_checked()
    await expect(dialog.locator("[name=event][value='11B05']")).to_be_visible()
    assert (await dialog.locator("[name=headline]").input_value()).endswith("<b>大风</b>橙色预警")
    for words in ("<i>永川区气象台</i>", "cma", "“阵风将达 9 级。”", "“停止高空作业。”"):
        assert words in await dialog.locator("[name=text]").input_value(), words
    await expect(dialog.locator("form p.muted, form p .muted").first).to_have_text("朱沱镇")
    await expect(dialog.locator(".unit-picker option").first).to_contain_text("朱沱镇")
    await expect(dialog.locator(".origin button")).to_be_visible()
    await hand.judge("warning-incident", 2)
    before = len(sent(served, "report"))
    await hand.press("dialog form button[type=submit]")
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".sent-note")).to_be_visible()
    await hand.judge("warning-incident-sent", 3)
    (report,) = sent(served, "report")[before:]
    assert (report["warning_id"], report["references"]) == (warning.id, [warning.id])
    assert (report["event_type"], report["place"]) == ("11B05", "500118118000")
    cancel = a_warning(101 + 2 * number, "Cancel", references=(warning.id,))
    served.run(served.console.project([cancel]))


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_an_unusual_kind_is_offered_and_a_sensitive_one_shows_its_rule(
    visitor: Visitor, served: Served, lang: str
) -> None:
    first = 141 if lang == "en" else 151
    warnings = [
        a_warning(first, event_type="11C03"),
        a_warning(first + 1, event_type="14:mass_incident"),
        a_warning(first + 2, event_type=None),
    ]
    served.run(served.console.project(warnings))
    page = await visitor.open("o-district-b", lang=lang, width=1366)
    await page.locator(".boards a[href='#alarms']").click()
    dialog = page.locator("dialog")
    for warning, is_sensitive in zip(warnings, (False, True, False), strict=True):
        await page.locator(f"[data-focus='{warning.id}-incident']").click()
        await expect(dialog.locator(".origin button")).to_be_visible()
        kind = warning.event_type
        checked = await dialog.locator("[name=event]:checked").evaluate_all(
            "(boxes) => boxes.map((box) => box.value)"
        )
        assert checked == ([kind] if kind else [])
        await expect(dialog.locator(".warn")).to_be_visible(visible=is_sensitive)
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
    references = tuple(warning.id for warning in warnings)
    served.run(served.console.project([a_warning(first + 5, "Cancel", references=references)]))


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_a_warning_that_ends_while_the_form_is_open_is_refused_in_words(
    visitor: Visitor, served: Served, lang: str
) -> None:
    first = 161 if lang == "en" else 171
    warning = a_warning(first)
    served.run(served.console.project([warning]))
    page = await visitor.open("o-district-b", lang=lang, width=390)
    await page.locator(".boards a[href='#alarms']").click()
    await page.locator(f"[data-focus='{warning.id}-incident']").click()
    dialog = page.locator("dialog")
    await expect(dialog.locator("[name=headline]")).to_be_visible()
    cancel = a_warning(first + 1, "Cancel", references=(warning.id,))
    served.run(served.console.project([cancel]))
    before = len(sent(served, "report"))
    await dialog.locator("button[type=submit]").click()
    await expect(dialog.locator(".problem")).to_contain_text(OVER_WORDS[lang])
    await shot(page, f"warning-incident-over-{lang}")
    assert sent(served, "report")[before:] == []
    visitor.complaints.clear()  # the browser notes the answer 409
    await dialog.locator(".origin button").click()
    await dialog.locator("button[type=submit]").click()
    await expect(dialog).to_have_count(0)
    (report,) = sent(served, "report")[before:]
    assert (report.get("warning_id"), report["references"]) == (None, [])


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
        a_warning(first + number, level=level, headline=f"{LONG}大风{level.value}")
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
        assert await page.locator(f"{panel} .lines").evaluate(CUT) == []
        visible = await page.locator(f"{panel} li:visible").count()
        assert visible >= 2
        await expect(page.locator(f"{panel} header a")).to_have_text(
            COUNT_WORDS[lang].format(visible)
        )
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
