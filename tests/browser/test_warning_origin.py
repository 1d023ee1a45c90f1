"""Cards of commands and alerts name the warning of another agency behind them, at every width."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from shared.contracts.fields import Tier
from shared.contracts.reports import Report, ReporterRole, ReportKind
from tests.browser.checks import OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, a_console, shot
from tests.component.console.test_agency_warnings import a_warning
from tests.support.console_events import DISTRICT, ZHUTUO, a_command, an_alert, an_assignment

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WORDS = {"zh-CN": "据外部预警：", "en": "Because of a warning: "}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A console with a command and an alert because of a warning."""

    async def fill(served: Served) -> None:
        now = datetime.now(UTC)
        warning = a_warning(1, sender_name="<i>永川区气象台</i>", headline="<b>暴雨</b>橙色预警")
        command = a_command("rain", DISTRICT, issuer=DISTRICT, at=now).model_copy(
            update={"warning_id": warning.id}
        )
        report = Report(
            id="rpt-1",
            occurred_at=now,
            sent_at=now,
            origin_unit=DISTRICT,
            tier=Tier.DISTRICT,
            incident_id="inc-1",
            kind=ReportKind.INITIAL,
            event_type="11B03",
            place=ZHUTUO,
            reporter_id="o-district-b",
            reporter_role=ReporterRole.OFFICER,
            headline="转外部预警",
            warning_id=warning.id,
        )
        alert = an_alert("rain", ZHUTUO, at=now, report_ids=(report.id,), event_type="11B03")
        task = an_assignment(command, ZHUTUO)
        await served.console.project([warning, command, task, report, alert])

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


@pytest.mark.parametrize("lang", WORDS)
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (390, 844)])
async def test_the_card_and_the_sheet_of_an_alert_name_the_warning_behind_it(
    visitor: Visitor, lang: str, width: int, height: int
) -> None:
    page = await visitor.open("o-district-b", lang=lang, width=width)
    await page.set_viewport_size({"width": width, "height": height})
    for place in ("#alerts .card", "dialog"):
        line = page.locator(f"{place} .behind")
        await expect(line).to_contain_text(f"{WORDS[lang]}<b>暴雨</b>橙色预警")
        await expect(line).to_contain_text("<i>永川区气象台</i>")
        await line.scroll_into_view_if_needed()
        name = f"behind-alert-{place.split()[0].strip('#')}-{lang}-{width}"
        await shot(page, name)
        assert await page.evaluate(OVERFLOW) <= 0
        assert await unreadable(page, name) == []
        if place != "dialog":
            await page.locator("#alerts .card [data-focus$='-details']").click()
