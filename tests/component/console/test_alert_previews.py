"""The pages of a signature, read before it: what notify sends afterwards, to the letter."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.alerting.core.alerts.decisions import decide
from services.alerting.core.alerts.outcome import AlertChange
from services.alerting.core.alerts.records import origin_of, records_of
from services.console.accounts import Account, import_accounts
from services.console.core.page_previews import EXAMPLE_ID, HIDDEN
from services.console.core.sms_parts import parts
from services.notify.channels.port import Sender, Tools
from services.notify.channels.registry import ChannelsFile
from shared.contracts.alerts import AlertEvent, DecisionVerb
from shared.contracts.fields import DataGrade, Language, Level, Post, Status
from shared.contracts.pages import Channel, Officer, Page, RosterSlot
from shared.contracts.units import tier_of
from shared.contracts.wordings import AlertWording
from shared.domain.bilingual import in_language
from shared.domain.page_texts.messages import LENGTHS
from shared.domain.page_texts.names import BEIJING
from shared.domain.page_texts.notifications import notification
from shared.domain.roster.post_holders import Roster
from shared.runtime.clock import SystemClock
from tests.component.console.test_alert_acts import decided, post
from tests.support.carrier import SECRET, Receiver, running_receiver
from tests.support.console_events import CITY, DISTRICT, NOW, VILLAGE, ZHUTUO
from tests.support.console_harness import ConsoleHarness, token_of
from tests.unit.alerting.alert_history import AlertHistory, issued_history, pending_history
from tests.unit.alerting.builders import an_alarm
from tests.unit.notify.core_harness import a_core, a_working_set

CHANNELS = (Channel.SMS, Channel.VOICE, Channel.EMAIL, Channel.WECOM, Channel.LOUDSPEAKER)
STAFF = {
    VILLAGE: ("o-village-b", "吴德"),
    ZHUTUO: ("o-town-b", "李远"),
    DISTRICT: ("o-district-b", "孙宁"),
    CITY: ("o-city-b", "赵安"),
}
SIGNER = {CITY: "o-city-a", DISTRICT: "o-district-b", ZHUTUO: "o-town-a"}


def slots(without: str = "") -> list[RosterSlot]:
    """Return a B post for each of the units, with every channel of this test."""
    return [
        RosterSlot(
            id=f"slot-{unit}",
            occurred_at=NOW,
            sent_at=NOW,
            origin_unit=unit,
            tier=tier_of(unit),
            unit=unit,
            post=Post.B,
            officer=Officer(officer_id=officer, name=name, phone="13800138000"),
            channels=CHANNELS,
        )
        for unit, (officer, name) in STAFF.items()
        if unit != without
    ]


def to_lift() -> AlertHistory:
    """Return the history of an alert in force that is proposed to be lifted."""
    return issued_history().decide(DecisionVerb.LIFT, level=None)


def graded() -> AlertHistory:
    """Return the history of an alert with a data grade that waits for its signature."""
    history = AlertHistory(an_alarm(data_grade=DataGrade.IMPORTANT))
    return history.decide(DecisionVerb.VERIFY, ZHUTUO).decide(DecisionVerb.ASSESS)


def drill() -> AlertHistory:
    """Return the history of an alert of a drill that waits for its signature."""
    history = AlertHistory(an_alarm(status=Status.EXERCISE))
    verify, assess = DecisionVerb.VERIFY, DecisionVerb.ASSESS
    return history.decide(verify, ZHUTUO, status=Status.EXERCISE).decide(
        assess, status=Status.EXERCISE
    )


def second_signature() -> AlertHistory:
    """Return the history of a red alert that has one of its two signatures."""
    wording = AlertWording(
        level=Level.RED,
        headline="燃气红色预警 ‖ Red gas alert",
        instruction="立即撤离 ‖ Leave at once",
        areas=(VILLAGE,),
    )
    approve = DecisionVerb.APPROVE
    return pending_history(Level.RED).decide(approve, CITY, officer="o-city-b", wording=wording)


async def prepared(console: ConsoleHarness, event: AlertEvent, without: str = "") -> None:
    """Show an alert on the console, with the roster and an A post of the town who can sign in."""
    await console.project([event])
    for slot in slots(without):
        console.deps.directory.apply(slot)
    database_url = console.deps.settings.database_url.get_secret_value()
    account = Account(
        officer_id="o-town-a",
        name="马骏",
        unit=ZHUTUO,
        post=Post.A,
        token_sha256=hashlib.sha256(token_of("o-town-a").encode()).hexdigest(),
    )
    await import_accounts(database_url, [account])


async def preview(
    console: ConsoleHarness, event: AlertEvent, verb: DecisionVerb, officer: str, **body: Any
) -> Any:
    path = f"/api/alerts/{event.alert_id}/preview"
    return await post(console, officer, path, {"verb": verb, **body})


def paged(console: ConsoleHarness, history: AlertHistory, without: str = "") -> list[Page]:
    """Return the pages that notify makes of the decision which the console has recorded."""
    decision = decided(console)
    change = decide(history.alert, decision, decision.occurred_at)
    assert isinstance(change, AlertChange), change
    event = records_of(change, origin_of(decision), decision.occurred_at).event
    working_set = a_working_set(event.sent_at)
    core = a_core(Roster(slots(without)), working_set, tree=console.deps.names.tree)
    core.on_alert(event)
    return list(working_set.events)


def as_shown(page: Page, view: Any) -> Page:
    """Return a page with the two examples of a preview: the reference, and the time to answer."""
    answer_by = datetime.fromisoformat(view["answer_by"])
    return page.model_copy(update={"page_id": EXAMPLE_ID, "answer_by": answer_by})


def senders(receiver: Receiver, link: str | None) -> dict[Channel, Sender]:
    """Return senders of notify whose carriers are one receiver."""
    secret = {"env": "KEY"}
    entries = [
        {"channel": "sms", "url": receiver.url, "json": {"text": "{text}"}},
        {"channel": "voice", "url": receiver.url, "secret": secret},
        {"channel": "wecom", "base_url": receiver.base, "token": secret},
        {"channel": "loudspeaker", "url": receiver.url, "secret": secret},
        {"channel": "webhook", "url": receiver.url, "secret": secret},
    ]
    file = ChannelsFile.model_validate({"channels": entries})
    tools = Tools(SystemClock(), link=link, environ={"KEY": SECRET}, timeout_s=5)
    return {settings.channel: settings.sender(tools) for settings in file.channels}


async def sent(page: Page, link: str | None) -> dict[tuple[Channel, Language], Any]:
    """Return what each carrier gets of a page, in each language."""
    result: dict[tuple[Channel, Language], Any] = {}
    async with running_receiver() as receiver:
        for channel, sender in senders(receiver, link).items():
            for language in Language:
                await sender.deliver(page, "13800138000", resend=False, language=language)
                request = receiver.requests[-1]
                result[channel, language] = (
                    request.body["text"]
                    if channel is Channel.SMS
                    else request.body["text"]["content"]
                    if channel is Channel.WECOM
                    else request.data["text"]
                )
            await sender.close()
    return result


CASES = {
    "approve": (pending_history, DecisionVerb.APPROVE, {}),
    "last of two": (second_signature, DecisionVerb.APPROVE, {}),
    "lift": (to_lift, DecisionVerb.APPROVE, {"level": None}),
    "emergency": (lambda: pending_history(Level.RED), DecisionVerb.AUTHORISE_EMERGENCY, {}),
    "graded": (graded, DecisionVerb.APPROVE, {}),
    "drill": (drill, DecisionVerb.APPROVE, {}),
}


@pytest.mark.parametrize("case", CASES)
async def test_the_preview_is_what_notify_sends(console: ConsoleHarness, case: str) -> None:
    make, verb, more = CASES[case]
    history = make()
    event = history.events[-1]
    await prepared(console, event)
    officer = SIGNER[ZHUTUO if verb is DecisionVerb.AUTHORISE_EMERGENCY else event.approver_unit]
    until = (console.deps.clock.now() + timedelta(days=2)).isoformat()
    form = {"reason": "现场核实，水位仍在上涨", "valid_until": until}
    answer = await preview(console, event, verb, officer, **form)
    assert answer.status_code == 200, answer.text
    assert not console.kafka.sent, "a preview sends nothing"
    view = answer.json()

    level = more.get("level", event.proposed_level)
    body = {"verb": verb, "level": level, "version": event.version, **form}
    path = f"/api/alerts/{event.alert_id}/decisions"
    assert (await post(console, officer, path, body)).status_code == 202
    page = paged(console, history)[0]
    assert (view["unit"], view["post"]) == (page.unit, page.post)
    page = as_shown(page, view)
    texts = {entry["channel"]: entry for entry in view["channels"]}
    assert {Channel.SMS, Channel.VOICE, Channel.WECOM, Channel.LOUDSPEAKER} <= set(texts)
    carried = await sent(page, console.deps.settings.console_url)
    for (channel, language), text in carried.items():
        assert texts[channel][language]["text"] == text, (channel, language)
    for language in Language:
        on_console = texts[Channel.CONSOLE][language]
        assert on_console["title"] == in_language(page.headline, language)
        assert on_console["text"] == in_language(page.text, language)


WORDS: dict[str, Any] = {
    "headline": {"zh": "朱沱站洪水黄色预警", "en": "Yellow flood alert at Zhutuo"},
    "instruction": {"zh": "沿江人员立即撤离。", "en": "Leave the river bank at once."},
    "areas": [ZHUTUO],
}


async def test_words_being_written_read_as_notify_sends_them_later(
    console: ConsoleHarness,
) -> None:
    history = pending_history()
    event = history.events[-1]
    await prepared(console, event)
    signer, path = SIGNER[event.approver_unit], f"/api/alerts/{event.alert_id}/decisions"
    view = (await preview(console, event, DecisionVerb.WORD, signer, wording=WORDS)).json()
    assert not console.kafka.sent, "a preview sends nothing"
    assert (await post(console, signer, path, {"verb": "word", "wording": WORDS})).is_success
    written = decided(console)
    history = history.decide(
        DecisionVerb.WORD, event.approver_unit, officer=signer, wording=written.wording
    )
    await console.project([history.events[-1]])
    body = {"verb": "approve", "level": event.proposed_level}
    assert (await post(console, signer, path, body)).is_success
    page = as_shown(paged(console, history)[0], view)
    texts = {entry["channel"]: entry for entry in view["channels"]}
    for language, decided_by in ((Language.ZH, "决定："), (Language.EN, "Decided by: ")):
        lines = in_language(page.text, language).split("\n")
        expected = [line for line in lines if not line.startswith(decided_by)]
        assert len(expected) == len(lines) - 1
        assert texts[Channel.CONSOLE][language]["text"].split("\n") == expected
        assert WORDS["instruction"][language] in texts[Channel.SMS][language]["text"]


@pytest.mark.parametrize(
    "wording",
    [
        None,
        WORDS | {"headline": {"zh": " "}},
        WORDS | {"areas": []},
        WORDS | {"polygon": [{"lat": 29, "lon": 105}] * 2},
        WORDS | {"contact": "1" * 101},
    ],
)
async def test_words_that_the_act_refuses_have_no_preview(
    console: ConsoleHarness, wording: Any
) -> None:
    event = pending_history().events[-1]
    await prepared(console, event)
    signer, body = SIGNER[event.approver_unit], {"verb": "word", "wording": wording}
    path = f"/api/alerts/{event.alert_id}"
    act = await post(console, signer, f"{path}/decisions", body)
    look = await post(console, signer, f"{path}/preview", body)
    assert act.status_code == look.status_code == 422
    assert act.json()["reason"] == look.json()["reason"]
    assert not console.kafka.sent


async def test_a_push_is_shown_where_the_console_can_push(console: ConsoleHarness) -> None:
    history = pending_history()
    await prepared(console, history.events[-1])
    verb, officer = DecisionVerb.APPROVE, SIGNER[history.events[-1].approver_unit]
    without = (await preview(console, history.events[-1], verb, officer)).json()
    assert Channel.WEB_PUSH not in [entry["channel"] for entry in without["channels"]]
    for slot in slots():
        pushing = slot.model_copy(update={"channels": (*CHANNELS, Channel.WEB_PUSH)})
        console.deps.directory.apply(pushing)
    view = (await preview(console, history.events[-1], verb, officer)).json()
    (push,) = [entry for entry in view["channels"] if entry["channel"] == Channel.WEB_PUSH]
    body = {"verb": verb, "level": "yellow", "version": history.events[-1].version}
    await post(console, officer, f"/api/alerts/{history.alert.alert_id}/decisions", body)
    page = paged(console, history)[0]
    page = as_shown(page, view)
    for language in Language:
        words = notification(page, language, BEIJING, page.sent_at, resend=False)
        assert (push[language]["title"], push[language]["text"]) == (words["title"], words["body"])


async def test_a_text_message_says_its_length_and_its_parts(console: ConsoleHarness) -> None:
    event = pending_history().events[-1]
    await prepared(console, event)
    officer, verb = SIGNER[event.approver_unit], DecisionVerb.APPROVE
    short = (await preview(console, event, verb, officer)).json()["channels"][0]
    assert short["channel"] == Channel.SMS
    assert not short["zh"]["shortened"]
    long = (await preview(console, event, verb, officer, reason="水位仍在上涨。" * 200)).json()
    message = long["channels"][0]["zh"]
    assert message["most"] == LENGTHS[Channel.SMS].most
    assert message["characters"] == len(message["text"]) <= message["most"]
    assert message["parts"] == parts(message["text"])
    assert message["shortened"]
    wecom = next(entry for entry in long["channels"] if entry["channel"] == Channel.WECOM)
    assert wecom["zh"]["size_bytes"] == len(wecom["zh"]["text"].encode()) <= wecom["zh"]["most"]


async def test_no_name_is_shown_that_the_signer_may_not_read(console: ConsoleHarness) -> None:
    event = pending_history(Level.RED).events[-1]
    await prepared(console, event, without=VILLAGE)
    verb = DecisionVerb.AUTHORISE_EMERGENCY
    answer = await preview(console, event, verb, SIGNER[ZHUTUO], reason="水已进村")
    assert answer.json()["names_hidden"]
    assert HIDDEN in answer.text
    for unit in (DISTRICT, CITY):
        assert STAFF[unit][1] not in answer.text
    by_the_city = await preview(console, event, DecisionVerb.APPROVE, SIGNER[CITY])
    assert not by_the_city.json()["names_hidden"]
    assert STAFF[DISTRICT][1] in by_the_city.text


@pytest.mark.parametrize(
    ("officer", "verb", "status"),
    [
        ("o-district-b", "approve", 200),
        ("o-town-b", "approve", 403),
        ("o-songji-b", "approve", 404),
        ("o-town-b", "authorise_emergency", 403),
        ("o-town-a", "authorise_emergency", 200),
        ("o-songji-b", "word", 404),
        ("o-district-b", "lift", 422),
        (None, "approve", 401),
    ],
)
async def test_only_who_may_sign_sees_it(
    console: ConsoleHarness, officer: str | None, verb: str, status: int
) -> None:
    event = pending_history().events[-1]
    await prepared(console, event)
    async with console.client(officer) as client:
        answer = await client.post(f"/api/alerts/{event.alert_id}/preview", json={"verb": verb})
    assert answer.status_code == status, answer.text


async def test_an_alert_without_a_proposal_and_without_a_roster_is_shown_too(
    console: ConsoleHarness,
) -> None:
    event = pending_history().events[-1]
    await console.project([event.model_copy(update={"proposed_level": None})])
    view = (await preview(console, event, DecisionVerb.APPROVE, "o-district-b")).json()
    assert (view["unit"], view["post"]) == (ZHUTUO, "B")
    assert view["channels"]
