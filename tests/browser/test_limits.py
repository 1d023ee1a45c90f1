"""The tab of limits on every screen, with drafts signed by two by keyboard alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Page, expect

from shared.contracts.topics import LIMITS
from tests.browser.checks import CUT, OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, shot
from tests.support.console_events import DISTRICT
from tests.support.console_limits import AUTHOR, SECOND, administering, put
from tests.support.limits import shipped

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
SCREENS = ((1920, 1080), (1366, 768), (390, 844), (360, 740))
TOWN = "朱沱镇"


@pytest.fixture(scope="module", autouse=True)
def filled(served: Served) -> None:
    """Put the shipped documents on the topic; two officers administer the district."""
    served.run(administering(served.console, served.dsn))


async def opened(visitor: Visitor, officer: str, **options: object) -> Page:
    page = await visitor.open(officer, **options)  # type: ignore[arg-type]
    await page.goto(page.url.partition("#")[0].rstrip("/") + "/admin#limits")
    await page.locator("#limits-in-force h3").first.wait_for()
    return page


async def press(control: Locator) -> None:
    """Press a control as the keyboard does."""
    await control.focus()
    await expect(control).to_be_focused()
    await control.press("Enter")


async def draft_quicker_signing(page: Page, name: str) -> None:
    """Draft the next version with two minutes to sign at red."""
    await press(page.locator("[data-focus='draft-assignments']"))
    form = page.locator("dialog form")
    await form.locator("[name=name_zh]").fill(name)
    await form.locator("[name=source]").fill("区应急委会议纪要")
    begin = datetime.now(UTC) + timedelta(hours=32)  # Beijing time, a day ahead
    await form.locator("[name=in_force_from]").fill(begin.strftime("%Y-%m-%dT%H:%M"))
    await form.locator("[name='sign.0.within_s']").fill("2")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_tab_is_readable_on_every_screen(visitor: Visitor, lang: str) -> None:
    for width, height in SCREENS:
        page = await opened(visitor, AUTHOR, lang=lang, width=width)
        await page.set_viewport_size({"width": width, "height": height})
        for summary in await page.locator("#limits-in-force summary").all():
            await press(summary)
        await page.locator(".limits-values").first.wait_for()
        await shot(page, f"limits-{width}-{lang}", full=width < 1000)
        assert await page.evaluate(OVERFLOW) <= 0, width
        assert await page.evaluate(CUT) == [], width
        assert await unreadable(page, f"limits {width}") == []
        await press(page.locator("[data-focus='draft-reports']"))
        await page.locator("dialog .limits-row").first.wait_for()
        await shot(page, f"limits-form-{width}-{lang}")
        assert await page.evaluate(OVERFLOW) <= 0, width
        assert await unreadable(page, f"limits form {width}") == []


async def test_two_officers_draft_and_sign_by_keyboard_alone(
    visitor: Visitor, served: Served
) -> None:
    author = await opened(visitor, AUTHOR)
    await draft_quicker_signing(author, "永川区交办时限（新）")
    form = author.locator("dialog form")
    await press(form.get_by_role("button", name="检查"))
    await expect(form.locator(".limits-problems li").first).to_be_visible()
    await press(form.get_by_role("button", name="保存草案"))
    await expect(author.locator("dialog")).to_have_count(0)
    card = author.locator("#limits-waiting .card")
    await expect(card).to_contain_text("5 分钟 → 2 分钟")
    await press(card.get_by_role("button", name="预演最近 30 天"))
    await expect(card.get_by_role("region", name="按级别")).to_be_visible()
    await shot(author, "limits-preview", full=True)
    await press(card.get_by_role("button", name="签署"))
    await press(author.locator("dialog").get_by_role("button", name="签署"))
    await expect(card).to_contain_text("待第二人签署")
    await expect(card.get_by_role("button", name="签署")).to_have_count(0)

    second = await opened(visitor, SECOND)
    await second.locator(".unit-picker select").first.wait_for()
    waiting = second.locator("#limits-waiting .card")
    await expect(waiting).to_contain_text("待您签署")
    await press(waiting.get_by_role("button", name="签署"))
    await press(second.locator("dialog").get_by_role("button", name="签署"))
    await expect(waiting).to_have_count(0)

    async def sent() -> int:
        async with served.console.deps.database.connection() as connection:
            count: int = await connection.fetchval(
                "SELECT count(*) FROM console.outbox WHERE topic = $1", LIMITS.name
            )
            return count

    assert served.run(sent()) == 1


async def test_an_error_is_named_at_its_field_and_a_draft_is_withdrawn(visitor: Visitor) -> None:
    page = await opened(visitor, AUTHOR, lang="en")
    await press(page.locator("[data-focus='draft-assignments']"))
    form = page.locator("dialog form")
    await form.locator("[name=source]").fill("minutes")
    await form.locator("[name='finish.0.within_s']").fill("1")
    await press(form.get_by_role("button", name="Store the draft"))
    await expect(form.locator(".limits-problems")).to_contain_text("to finish")
    await form.locator("[name='finish.0.within_s']").fill("40")
    await press(form.get_by_role("button", name="Store the draft"))
    await expect(page.locator("dialog")).to_have_count(0)
    card = page.locator("#limits-waiting .card")
    await press(card.get_by_role("button", name="Withdraw the draft"))
    dialog = page.locator("dialog")
    await dialog.locator("textarea").fill("waits for the city")
    await press(dialog.get_by_role("button", name="Withdraw the draft"))
    await expect(page.locator("#limits-waiting .card")).to_have_count(0)
    await expect(page.locator("#limits-history")).to_contain_text("waits for the city")


async def test_rows_are_added_and_removed_with_errors_at_their_fields(visitor: Visitor) -> None:
    for lang, twice, missing in (
        ("zh-CN", "红色镇街重复设置", "缺少红色市"),
        ("en", "red of town has two times", "no time for red of city"),
    ):
        page = await opened(visitor, AUTHOR, lang=lang)
        await press(page.locator("[data-focus='draft-assignments']"))
        form = page.locator("dialog form")
        await press(form.locator("[type=submit]"))
        await expect(form.locator("[name=source]")).to_have_attribute("aria-invalid", "true")
        await form.locator("[name=source]").fill("minutes")
        await press(form.locator("[data-add=sign]"))
        row = form.locator("[data-row='sign.8']")
        await expect(row.locator("summary")).to_be_focused()
        await row.locator("[value=red]").press("Space")
        await row.locator("[value=town]").press("Space")
        await press(form.locator("[type=submit]"))
        source = form.locator("[name='sign.8.source']")
        await expect(source).to_have_attribute("aria-invalid", "true")
        await source.fill("minutes")
        await press(form.locator("[type=submit]"))
        part = form.locator("[data-part=sign]")
        await expect(part.locator(".field-problem")).to_contain_text(twice)
        await row.locator("[value=emergency]").press("Space")
        await expect(form.locator(".limits-differences")).to_contain_text("minutes")
        await press(form.get_by_role("button", name="检查" if lang == "zh-CN" else "Check"))
        await expect(part.locator(".field-problem.error")).to_have_count(0)
        await press(form.locator("[data-remove='sign.0']"))
        await expect(form.locator("[data-add=sign]")).to_be_focused()
        await press(form.locator("[type=submit]"))
        await expect(part.locator(".field-problem")).to_contain_text(missing)
        await shot(page, f"limits-errors-{lang}")
        assert await unreadable(page, "limits errors") == []


async def test_a_unit_gets_its_first_document_and_ends_it(visitor: Visitor, served: Served) -> None:
    page = await opened(visitor, AUTHOR)
    first = page.locator("[data-focus='draft-reports']")
    await expect(first).to_have_text("起草本单位的首份文件")
    await expect(page.locator("[data-focus='end-reports']")).to_have_count(0)
    own = shipped("reports-standard").model_copy(
        update={"limits_id": "reports-own", "unit": DISTRICT, "name_zh": "永川区上报时限"}
    )
    put(served.console, own)
    page = await opened(visitor, AUTHOR)
    await expect(page.locator("[data-focus='draft-reports']")).to_have_text("起草下一版")
    await press(page.locator("[data-focus='end-reports']"))
    form = page.locator("dialog form")
    await expect(form.locator(".limits-parts")).to_have_count(0)
    await form.locator("[name=source]").fill("会议纪要")
    await press(form.locator("[type=submit]"))
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator("#limits-waiting .card")).to_contain_text("文件终止")


async def test_the_unit_of_the_officer_s_choice_is_shown(visitor: Visitor) -> None:
    page = await opened(visitor, AUTHOR)
    await page.locator(".unit-picker select").first.select_option(label=TOWN)
    chip = page.locator("#limits-in-force .chip").first
    await expect(chip).to_have_text("适用于所有单位")
    await page.locator("[name=everywhere]").check()
    await expect(page.locator("#limits-in-force h3")).to_have_count(2)
    await expect(page.locator("[data-focus='draft-assignments']")).to_have_count(0)
