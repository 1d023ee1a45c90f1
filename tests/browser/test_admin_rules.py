"""Rules and plans on the page of administrators: readable everywhere, published by keyboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from services.console.core.definitions import Definitions
from services.console.web.openapi_contents import EXAMPLES
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import RULES
from shared.definitions.candidates import trial_form
from shared.definitions.rules.pack import RULES as RULE_KIND
from tests.browser.admin_page import SCREENS, make_administrator, open_tab
from tests.browser.checks import CUT, OVERFLOW, unreadable
from tests.browser.conftest import Served, Visitor, shot
from tests.support.console_definitions import OUTCOME_OF_CASES, OUTCOME_OF_READINGS
from tests.support.console_events import a_rule
from tests.unit.plans.builders import a_plan

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
RULE = EXAMPLES["post", "/api/definitions/check"]["text"]
CASES = EXAMPLES["post", "/api/definitions/test"]["cases"]
HOSTILE = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture(scope="module", autouse=True)
def filled(served: Served) -> Iterator[None]:
    """Fill the rules and plans of the console, hostile names too; none stays behind."""
    make_administrator(served)
    definitions = served.console.deps.part(Definitions)
    for number in range(12):
        definitions.put_rule(a_rule(f"flood.gauge-{number}"))
    definitions.put_rule(a_rule("hostile.name").model_copy(update={"name_zh": HOSTILE}))
    definitions.put_rule(trial_form(RULE_KIND, a_rule("flood.gauge-1")))
    definitions.put_plan(a_plan(levels=["blue"]))
    yield
    definitions.rules.clear()
    definitions.plans.clear()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_tab_is_readable_on_every_screen(
    visitor: Visitor, served: Served, lang: str
) -> None:
    for width, height in SCREENS:
        page = await open_tab(visitor, served, "rules", lang=lang, width=width)
        await page.set_viewport_size({"width": width, "height": height})
        await page.locator("#definition-list .card").nth(12).wait_for()
        await page.locator("textarea[name=text]").fill("- {rule_id: x}")
        await page.locator("[data-focus=check]").click()
        await page.locator("#definition-results table").wait_for()
        await shot(page, f"admin-rules-{width}-{lang}", full=width < 1000)
        assert await page.evaluate(OVERFLOW) <= 0, width
        assert await page.evaluate(CUT) == [], width
        assert await unreadable(page, f"admin rules {width}") == []
        assert await page.locator("#page img").count() == 0


async def test_a_rule_is_checked_tried_published_and_put_in_force_by_keyboard_alone(
    visitor: Visitor, served: Served
) -> None:
    page = await open_tab(visitor, served, "rules")
    await page.locator("textarea[name=text]").fill(RULE)
    await page.locator("textarea[name=cases]").fill(CASES)
    served.console.trials.outcome = OUTCOME_OF_CASES
    results = page.locator("#definition-results")
    await page.locator("[data-focus=test]").focus()
    await page.keyboard.press("Enter")
    await expect(results).to_contain_text("通过 1 个")
    served.console.trials.outcome = OUTCOME_OF_READINGS
    await page.locator("[data-focus=backtest]").focus()
    await page.keyboard.press("Enter")
    await expect(results).to_contain_text("读数 1418 条")
    served.console.trials.outcome = OUTCOME_OF_CASES
    await page.locator("[data-focus=publish]").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    await dialog.locator("textarea").fill("会议纪要")
    await dialog.get_by_role("button", name="发布为试运行").focus()
    await page.keyboard.press("Enter")
    await expect(results).to_contain_text("flood.my-gauge-candidate 第 1 版已发布")
    (record,) = [record for record in served.console.kafka.sent if record.topic == RULES.name]
    candidate = RuleDefinition.from_wire(record.body)
    definitions = served.console.deps.part(Definitions)
    definitions.put_rule(candidate)
    page = await open_tab(visitor, served, "rules")
    await page.locator("[data-focus='flood.my-gauge-candidate-put_in_force']").focus()
    await page.keyboard.press("Enter")
    await page.locator("dialog textarea").fill("回测无误")
    await page.locator("dialog").get_by_role("button", name="生效").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    live = json.loads(served.console.kafka.sent[-2].body)
    assert (live["rule_id"], live["version"]) == ("flood.my-gauge", 1)
    assert live["author"]["reason"] == "回测无误"


async def test_a_rule_is_opened_as_a_text_and_a_plan_beside_it(
    visitor: Visitor, served: Served
) -> None:
    page = await open_tab(visitor, served, "rules")
    await page.locator("input[name=filter]").fill("gauge-7")
    await expect(page.locator("#definition-list .card")).to_have_count(1)
    await page.locator("[data-focus='flood.gauge-7-open']").click()
    await expect(page.locator("textarea[name=text]")).to_have_value(
        re.compile("rule_id: flood.gauge-7")
    )
    await page.locator("[data-focus=check]").click()
    await expect(page.locator("#definition-results")).to_contain_text("与现行内容相同")
    await page.locator("select[name=kind]").select_option("plan")
    await expect(page.locator("#definition-list .card")).to_have_count(1)
    await expect(page.locator("textarea[name=cases]")).to_have_count(0)
