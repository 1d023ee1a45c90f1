"""The first start on screen: the check, accounts, and a test alarm with its course."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.async_api import expect

from services.console.core.definitions import Definitions
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Status
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS
from tests.browser.admin_page import SCREENS, make_administrator, open_tab
from tests.browser.checks import CUT, OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, shot
from tests.support.console_events import (
    VILLAGE,
    ZHUTUO,
    a_command,
    a_rule,
    an_alarm,
    an_alert,
    an_assignment,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module", autouse=True)
def filled(served: Served) -> Iterator[None]:
    """Make the administrator, and a rule with limits for the gauge."""
    make_administrator(served)
    served.console.deps.part(Definitions).put_rule(a_rule("flood.test-alarm"))
    yield
    served.console.deps.part(Definitions).drop_rule("flood.test-alarm")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_tab_is_readable_on_every_screen(
    visitor: Visitor, served: Served, lang: str
) -> None:
    for width, height in SCREENS:
        page = await open_tab(visitor, served, "start", lang=lang, width=width)
        await page.set_viewport_size({"width": width, "height": height})
        await page.locator(".start-steps > li").nth(5).wait_for()
        await page.locator("#account-list .card").nth(3).wait_for()
        await shot(page, f"admin-start-{width}-{lang}", full=width < 1000)
        assert await page.evaluate(OVERFLOW) <= 0, width
        assert await page.evaluate(CUT) == [], width
        assert await unreadable(page, f"admin start {width}") == []


async def test_each_lack_has_words_and_a_link_to_the_place_of_its_mending(
    visitor: Visitor, served: Served
) -> None:
    page = await open_tab(visitor, served, "start")
    lack = page.locator("[data-step=plans] [data-kind]").first
    await expect(lack).to_contain_text("预案")
    await expect(lack.locator("a")).to_have_attribute("href", "/admin#rules")
    await lack.locator("a").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{served.url}/admin#rules")


async def test_an_account_is_made_and_gets_a_link_by_keyboard_alone(
    visitor: Visitor, served: Served
) -> None:
    page = await open_tab(visitor, served, "start")
    await page.locator("#new-account").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    await dialog.locator("[name=officer_id]").fill("zheng-xin")
    await dialog.locator("[name=name]").fill("郑新")
    await dialog.locator("[name=phone]").fill("13900000009")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await page.locator("[data-focus='zheng-xin-password_link']").focus()
    await page.keyboard.press("Enter")
    link = page.locator(".link-once")
    await expect(link).to_contain_text("/password?ticket=")
    guest = await visitor.page()
    await guest.goto(str(await link.text_content()))
    await expect(guest.locator("input[name=new]")).to_be_visible()
    await page.locator("[data-focus='zheng-xin-disable']").click()
    await page.locator("dialog").get_by_role("button", name="停用账号").click()
    await expect(page.locator("[data-focus='zheng-xin-enable']")).to_be_visible()


async def test_a_test_alarm_is_sent_and_followed_to_the_last_signature(
    visitor: Visitor, served: Served
) -> None:
    page = await open_tab(visitor, served, "start")
    await page.locator("#test-alarm input[name=q]").fill("朱沱")
    level = page.locator("#test-alarm select[name=level]")
    await level.select_option("212")
    await page.get_by_role("button", name="发送测试读数").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#test-course [data-step=reading]")).to_have_class("done")
    sent = [record for record in served.console.kafka.sent if record.topic == READINGS.name]
    reading = Reading.from_wire(sent[-1].body)
    assert (reading.status, reading.value) == (Status.EXERCISE, 212.0)
    later = reading.occurred_at + timedelta(seconds=1)
    alarm = an_alarm("test-alarm").model_copy(
        update={"status": Status.EXERCISE, "occurred_at": later, "sent_at": later}
    )
    alert = an_alert("test-alarm", status=Status.EXERCISE).model_copy(
        update={"alarm_ids": (alarm.alarm_id,), "began_at": later}
    )
    command = a_command("test-alarm", status=Status.EXERCISE, alert=alert.alert_id)
    signed = AssignmentState.SIGNED
    units = [an_assignment(command, unit, signed) for unit in (ZHUTUO, VILLAGE)]
    served.run(served.console.project([alarm, alert, command, *units]))
    course = page.locator("#test-course")
    await expect(course).to_contain_text("全程完成")
    await expect(course.locator("[data-step=last_signed]")).to_have_class("done")
    await shot(page, "admin-test-alarm")
