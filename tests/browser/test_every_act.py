"""Every act that the API takes has a control on the screen, and the keyboard alone is enough for
it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from pydantic import BaseModel

from services.console.accounts import import_accounts
from shared.contracts.alerts import DecisionVerb
from shared.contracts.assignments import Step
from shared.contracts.duty import DutyRule
from shared.contracts.ids import assignment_id, content_id
from shared.contracts.pages import AnswerVerb
from tests.browser.admin_acts import ADMIN_ACTS
from tests.browser.conftest import Served, Visitor, a_console
from tests.support import console_action_records
from tests.support.console_action_records import TOWN_A, VILLAGES
from tests.support.console_duty_records import slots
from tests.support.console_events import VILLAGE, ZHUTUO, a_page
from tests.support.console_screen_records import screen_records

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WAIT_MS = 60_000
DECIDE = "/api/alerts/{alert_id}/decisions"
STEP = "/api/assignments/{assignment_id}/acknowledgements"
COMMAND = "/api/commands/{command_id}/{verb}"
ANSWER = "/api/pages/{page_id}/answers"
PROPOSAL = "/api/modes/proposals/{proposal_id}/{verb}"
ENTRY = "/api/duty/entries/{entry_id}"
RULES: tuple[type[BaseModel], ...] = get_args(get_args(DutyRule)[0])
NO_ACTS = {
    ("/api/alerts/{alert_id}/preview", ""): "reads (test_channel_previews.py)",
    ("/api/commands/page-preview", ""): "reads (test_channel_previews.py)",
    ("/api/commands/preview", ""): "reads",
    (
        "/api/assignments/{assignment_id}/photos",
        "",
    ): "goes with the words of a step (test_photos.py)",
    ("/api/command-drafts/{draft_id}", ""): "is no act, and read by nobody else (test_acts.py)",
    ("/api/incidents/drafts/{draft_id}/photos", ""): "goes with an incident (test_incidents.py)",
    ("/api/letters/acts", ""): "acts on records that only Kafka has (test_letters.py)",
    ("/api/logout/everywhere", ""): "is a button of the account page, which needs no script",
    ("/api/push/devices", ""): "needs a push service (test_push.py)",
    ("/api/push/devices/{device_id}/remove", ""): "needs a push service (test_push.py)",
    (ANSWER, "delivered"): "the device says so by itself",
    (ANSWER, "read"): "the device says so by itself",
}


@dataclass(frozen=True)
class Control:
    """The place of an act: `at` on a board, reached `through` others; `level` is picked to confirm.

    `fields` are filled in by name; what is required beside them is filled with anything.
    """

    officer: str
    board: str
    at: str
    record: str
    level: str = ""
    through: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    file: str = ""


def focus(name: str) -> str:
    return f"[data-focus='{name}']"


def on_alert(name: str, verb: str, officer: str = "o-town-b", level: str = "") -> Control:
    alert = content_id("alt", f"act-{name}")
    sheet = (focus(f"{alert}-details"),)
    return Control(
        officer, "overview", f"dialog {focus(f'{alert}-{verb}')}", "alert_decision", level, sheet
    )


def as_recipient(name: str, step: str) -> Control:
    assignment = assignment_id(content_id("cmd", f"act-{name}"), VILLAGE)
    return Control(
        "o-village-b", "command", f"#own-tasks {focus(f'{assignment}-{step}')}", "acknowledgement"
    )


def as_issuer(nth: int, step: str) -> Control:
    command = content_id("cmd", "act-issuer")
    name = assignment_id(command, VILLAGES[nth])
    units = (focus(f"{command}-units"),)
    return Control(
        "o-city-b", "overview", f"dialog {focus(f'{name}-{step}')}", "acknowledgement", "", units
    )


def on_command(name: str, verb: str, board: str, level: str = "") -> Control:
    command = content_id("cmd", f"act-{name}")
    return Control("o-city-b", board, focus(f"{command}-{verb}"), "command_request", level)


def on_page(verb: str) -> Control:
    page = a_page("o-town-b", ZHUTUO, name="act").page_id
    return Control("o-town-b", "command", f"#own-pages {focus(f'{page}-{verb}')}", "answer")


def on_mode(name: str, verb: str) -> Control:
    return Control("o-town-a", "modes", focus(f"mod-act-{name}-{verb}"), "mode_request")


def in_plan(kind: str, **fields: str) -> Control:
    return Control("o-town-b", "duty", focus(f"add-{kind}"), "duty_request", fields=fields)


CONTROLS: dict[tuple[str, str], Control] = {
    (DECIDE, "verify"): on_alert("verifying", "verify"),
    (DECIDE, "dismiss"): on_alert("verifying", "dismiss", level="orange"),
    (DECIDE, "merge"): on_alert("verifying", "merge"),
    (DECIDE, "split"): on_alert("verifying", "split"),
    (DECIDE, "authorise_emergency"): on_alert(
        "verifying", "authorise_emergency", "o-town-a", level="orange"
    ),
    (DECIDE, "assess"): on_alert("verified", "assess"),
    (DECIDE, "adjust"): on_alert("verified", "adjust"),
    (DECIDE, "word"): on_alert("pending", "word", "o-city-b"),
    (DECIDE, "approve"): on_alert("pending", "approve", "o-city-b", "orange"),
    (DECIDE, "reject"): on_alert("pending", "reject", "o-city-b", "orange"),
    (DECIDE, "recall"): on_alert("issued", "recall", "o-city-b", "orange"),
    (DECIDE, "lift"): on_alert("issued", "lift"),
    (DECIDE, "ratify"): on_alert("debt", "ratify", "o-city-b", "orange"),
    (DECIDE, "annul"): on_alert("debt", "annul", "o-city-b", "orange"),
    (DECIDE, "unmerge"): Control(
        "o-town-b",
        "overview",
        f"dialog {focus(content_id('alt', 'act-merged') + '-unmerge')}",
        "alert_decision",
        through=(
            focus(content_id("alt", "act-verifying") + "-details"),
            f"dialog {focus(content_id('alt', 'act-merged'))}",
        ),
    ),
    (STEP, "sign"): as_recipient("delivered", "sign"),
    (STEP, "return"): as_recipient("delivered", "return"),
    (STEP, "accept"): as_recipient("signed", "accept"),
    (STEP, "handle"): as_recipient("signed", "handle"),
    (STEP, "report"): as_recipient("signed", "report"),
    (STEP, "split"): as_recipient("signed", "split"),
    (STEP, "ask_extend"): as_recipient("signed", "ask_extend"),
    (STEP, "ask_suspend"): as_recipient("signed", "ask_suspend"),
    (STEP, "resume"): as_recipient("suspended", "resume"),
    (STEP, "check"): as_issuer(0, "check"),
    (STEP, "send_back"): as_issuer(0, "send_back"),
    (STEP, "close"): as_issuer(1, "close"),
    (STEP, "extend"): as_issuer(2, "extend"),
    (STEP, "suspend"): as_issuer(2, "suspend"),
    (STEP, "reassign"): as_issuer(2, "reassign"),
    (STEP, "waive"): as_issuer(2, "waive"),
    (STEP, "recall"): as_issuer(2, "recall"),
    (STEP, "refuse"): as_issuer(3, "refuse"),
    ("/api/commands", ""): Control(
        "o-town-b", "overview", "#compose", "command_request", fields={"tiers-0": "village"}
    ),
    ("/api/assignments/acknowledgements", ""): Control(
        "o-village-b", "command", "#bulk-report", "acknowledgement"
    ),
    (COMMAND, "check"): on_command("issuer", "check", "overview"),
    (COMMAND, "close"): on_command("issuer", "close", "overview"),
    (COMMAND, "revoke"): on_command("issuer", "revoke", "overview", "orange"),
    (COMMAND, "urge"): on_command("issuer", "urge", "supervision"),
    (COMMAND, "reopen"): on_command("closed", "reopen", "command"),
    (ANSWER, "coming"): on_page("coming-in"),
    (ANSWER, "cannot"): on_page("cannot"),
    (ANSWER, "hand_over"): on_page("hand_over"),
    (ANSWER, "need_help"): on_page("need_help"),
    ("/api/modes/proposals", ""): Control("o-town-a", "modes", "#propose", "mode_request"),
    (PROPOSAL, "approve"): on_mode("open", "approve"),
    (PROPOSAL, "reject"): on_mode("open", "reject"),
    (PROPOSAL, "end"): on_mode("decided", "end"),
    ("/api/silences", ""): Control(
        "o-city-b", "alarms", focus(content_id("alm", "act-1") + "-silence"), "silence_request"
    ),
    ("/api/silences/{silence_id}/end", ""): Control(
        "o-city-b", "alarms", focus("sil-works-end"), "silence_request"
    ),
    ("/api/drills", ""): Control("o-town-b", "drills", "#start-drill", "report"),
    ("/api/incidents", ""): Control(
        "o-town-b", "overview", "#new-incident", "report", fields={"headline": "老街冒烟"}
    ),
    ("/api/reports", ""): Control(
        "o-town-b",
        "reports/" + content_id("inc", "act-issued"),
        focus("start"),
        "report",
    ),
    ("/api/cases/{case_id}/review", ""): Control(
        "o-city-b",
        "cases/" + content_id("alt", "act-over"),
        "#write-review",
        "case_review",
        through=("#case-tabs-review",),
    ),
    ("/api/duty/tests", ""): Control("o-town-b", "duty", "#reach-test", "contact_test_request"),
    (ENTRY, "member"): in_plan("member", officer="o-new-1"),
    (ENTRY, "leave"): in_plan("leave"),
    (ENTRY, "override"): in_plan("override"),
    (ENTRY, "swap"): in_plan("swap", officer="li", other="ma"),
    (ENTRY, "shift"): in_plan("shift", officer="li"),
    (ENTRY, "rotation"): in_plan("rotation", members="li"),
    ("/api/duty/entries/{entry_id}/cancel", ""): Control(
        "o-town-b", "duty", focus("away-cancel"), "duty_request"
    ),
    ("/api/duty/import", ""): Control("o-town-b", "duty", "#duty-file", "duty_request", file="csv"),
    ("/api/logout", ""): Control("o-village-b", "overview", "#sign-out", ""),
}


def verbs_of(path: str, act: dict[str, Any]) -> list[str]:
    """The acts of one route, as its own document says them."""
    closed: dict[str, list[Any]] = {
        DECIDE: list(DecisionVerb),
        STEP: list(Step),
        ANSWER: list(AnswerVerb),
        ENTRY: [RULE.model_fields["kind"].default for RULE in RULES],
    }
    if path in closed:
        return [str(verb) for verb in closed[path]]
    for parameter in act.get("parameters", []):
        if parameter["name"] == "verb":
            return list(parameter["schema"]["enum"])
    return [""]


@pytest.fixture(scope="module")
def stage() -> Iterator[Served]:
    """A console with something for each act, apart from the others' night."""

    async def fill(served: Served) -> None:
        now = datetime.now(UTC)
        await import_accounts(served.dsn, [TOWN_A])
        for slot in slots(now):
            served.console.deps.directory.apply(slot)
        await served.console.project(
            [*screen_records(now), *console_action_records.action_records(now)]
        )

    with a_console(fill) as running:
        yield running


async def test_every_act_of_the_api_has_a_control(stage: Served) -> None:
    acts = {
        (path, verb)
        for path, ways in stage.console.app.openapi()["paths"].items()
        for way, act in ways.items()
        if path.startswith("/api/") and way != "get"
        for verb in verbs_of(path, act)
    }
    assert acts == CONTROLS.keys() | NO_ACTS.keys() | ADMIN_ACTS.keys()


@pytest.mark.parametrize("officer", sorted({CONTROL.officer for CONTROL in CONTROLS.values()}))
@pytest.mark.timeout(1_200)
async def test_an_act_is_possible_by_keyboard_alone(
    browser: Browser, stage: Served, officer: str
) -> None:
    visitor = Visitor(browser, stage)
    page = await visitor.open(officer)
    page.set_default_timeout(WAIT_MS)
    failed = {}
    for act, control in CONTROLS.items():
        if control.officer != officer:
            continue
        try:
            await perform(page, stage, control, act[1])
        except Exception as problem:  # each act is told, not only the first
            failed[act] = str(problem)[:600]
            await page.reload()
            await page.wait_for_selector(".link.live")
    await visitor.close()
    assert failed == {}
    # Whoever has signed out is refused what was still under way, which a browser notes.
    out = any(not CONTROL.record for CONTROL in CONTROLS.values() if CONTROL.officer == officer)
    assert [complaint for complaint in visitor.complaints if not (out and "401" in complaint)] == []


async def perform(page: Page, stage: Served, control: Control, verb: str) -> None:
    await page.evaluate("(hash) => { location.hash = hash; }", control.board)
    for way in control.through:
        await press(page, page.locator(way).last)
    before = len(stage.console.kafka.sent)
    if control.file:
        content = "kind,officer_id,name\nmember,o-filed,王\n"
        await page.locator(control.at).set_input_files(
            {"name": "plan.csv", "mimeType": "text/csv", "buffer": content.encode()}
        )
    else:
        await press(page, page.locator(control.at).last)
    if not control.record:
        await page.locator(".gate-panel").wait_for()
        return
    dialogs = len(control.through) if "dialog" in control.at else 0
    if not control.file:
        dialog = page.locator("dialog").nth(dialogs)
        await dialog.locator("form").wait_for()
        await fulfil(page, dialog, control)
        await expect(page.locator("dialog")).to_have_count(dialogs, timeout=WAIT_MS)
    await page.evaluate("() => true")
    for _ in range(600):
        new = [json.loads(outgoing.body) for outgoing in stage.console.kafka.sent[before:]]
        if any(is_meant(body, control, verb) for body in new):
            break
        await page.wait_for_timeout(100)
    else:
        raise AssertionError(f"no {control.record} {verb}: {new}")
    for _ in range(dialogs):
        await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)


def is_meant(body: dict[str, Any], control: Control, verb: str) -> bool:
    words = {body.get("verb"), body.get("step"), (body.get("rule") or {}).get("kind")}
    return body["type"] == control.record and (not verb or verb in words)


async def press(page: Page, button: Locator) -> None:
    await button.wait_for()
    await button.focus()
    await page.keyboard.press("Enter")


FIELDS = """(dialog) => [...dialog.querySelectorAll("input, textarea, select")].map((box, n) => {
  box.dataset.n = n;
  const buttons = box.type === "radio" ? [...box.form.elements[box.name]] : [];
  return { n, kind: box.tagName === "INPUT" ? box.type : box.tagName.toLowerCase(), name: box.name,
    value: box.value, required: box.required, shown: Boolean(box.offsetParent),
    chosen: buttons.some((button) => button.checked) };
})"""


async def fulfil(page: Page, dialog: Locator, control: Control) -> None:
    """Fill in what a dialog asks for, by keyboard, and send it."""
    filled: set[str] = set()
    for name in control.fields:
        await dialog.locator(f"[name='{name}']").first.wait_for(state="attached")
    for entry in await dialog.evaluate(FIELDS):
        name, kind = entry["name"], entry["kind"]
        if not entry["shown"] or entry["chosen"] or name in filled or name == "typed":
            continue
        box = dialog.locator(f"[data-n='{entry['n']}']")
        value = control.level if name == "shown" else control.fields.get(name)
        if kind in ("radio", "checkbox"):
            is_required = entry["required"] or name in ("receiver", "evidence") or value
            if not is_required or (value and entry["value"] != value):
                continue
            await box.focus()
            await page.keyboard.press("Space")
        elif kind == "select":
            if not value:
                continue
            await box.select_option(value)
        elif kind in ("date", "number", "datetime-local"):
            if entry["value"] or not entry["required"]:
                continue
            await box.fill((datetime.now(UTC) + timedelta(days=1)).date().isoformat())
        elif entry["required"] or value:
            await box.focus()
            await page.keyboard.type(value or "按键盘")
        filled.add(name)
    await confirm(page, dialog)
    send = dialog.locator("form button[type=submit]")
    await expect(send).to_be_enabled(timeout=WAIT_MS)
    await send.focus()
    await page.keyboard.press("Enter")


async def confirm(page: Page, dialog: Locator) -> None:
    """Type what the dialog wants to see typed."""
    typed = dialog.locator("[name=typed]")
    if not await typed.count():
        return
    words = await dialog.locator("label:has([name=typed])").inner_text()
    named = re.search(r"请输入 (.+) 以确认", words)
    if named:
        text = named[1]
    else:
        count = dialog.locator("#recipients")
        await expect(count).not_to_have_text("–", timeout=WAIT_MS)
        text = await count.inner_text()
    await typed.focus()
    await page.keyboard.type(text)
