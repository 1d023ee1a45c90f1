"""Webhooks of carriers: the signature, the answer to any reply, and repeated calls."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from shared.contracts.fields import Post, Status
from shared.contracts.pages import Answer, Channel, Officer, RosterSlot
from shared.contracts.topics import PAGE_ANSWERS
from shared.contracts.units import tier_of
from shared.domain.replies import reference_of
from shared.runtime.clock import SystemClock
from tests.support.console_events import NOW, ZHUTUO, a_page
from tests.support.console_harness import ConsoleHarness, running_console
from tests.support.postgres import fresh_database

KEY = "whsec_" + "Y2FycmllcmNhcnJpZXJjYXJyaWVy"
PHONE = "13800000001"
LI = "o-town-b"


@pytest_asyncio.fixture
async def console() -> AsyncIterator[ConsoleHarness]:
    with fresh_database() as dsn:
        async with running_console(dsn, carrier_key=KEY) as harness:
            harness.deps.directory.apply(a_slot(LI, PHONE))
            yield harness


def a_slot(officer: str | None, phone: str | None = None) -> RosterSlot:
    return RosterSlot(
        id="slot-1",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=ZHUTUO,
        tier=tier_of(ZHUTUO),
        unit=ZHUTUO,
        post=Post.B,
        officer=Officer(officer_id=officer, name="李远", phone=phone) if officer else None,
    )


async def call(
    console: ConsoleHarness, path: str, body: Any, key: str | None = KEY
) -> httpx2.Response:
    raw = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    if key is not None:
        now = SystemClock().now()
        headers |= {
            "webhook-id": "msg-1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(key).sign("msg-1", now, raw.decode()),
        }
    async with console.client(None) as client:
        return await client.post(path, content=raw, headers=headers)


async def write(console: ConsoleHarness, text: str, address: str = PHONE) -> dict[str, Any]:
    answer = await call(
        console, "/carriers/replies", {"channel": "sms", "address": address, "text": text}
    )
    assert answer.status_code == 200, answer.text
    results: dict[str, Any] = answer.json()
    return results


def answers(console: ConsoleHarness) -> list[Answer]:
    return [PAGE_ANSWERS.model.validate_json(record.body) for record in console.kafka.sent]


@pytest.mark.parametrize("text", ["1\x00", "\x00", "1 \ud800"])
async def test_a_text_that_nothing_can_hold_is_refused(console: ConsoleHarness, text: str) -> None:
    body = {"channel": "sms", "address": PHONE, "text": text}
    assert (await call(console, "/carriers/replies", body)).status_code == 422
    receipt = {"page_id": "pag-1", "verb": "coming", "text": text}
    assert (await call(console, "/carriers/receipts", receipt)).status_code == 422


async def test_a_receipt_reported_twice_is_one_act(console: ConsoleHarness) -> None:
    page = a_page(LI, ZHUTUO, channel=Channel.WEBHOOK)
    await console.project([page])
    body = {"page_id": page.page_id, "verb": "delivered"}
    first = await call(console, "/carriers/receipts", body)
    second = await call(console, "/carriers/receipts", body)
    assert (first.status_code, first.json()) == (202, {"repeated": False})
    assert (second.status_code, second.json()) == (202, {"repeated": True})
    result = answers(console)
    assert {(answer.id, answer.officer_id, answer.verb) for answer in result} == {
        (result[0].id, LI, "delivered")
    }


async def test_a_written_reply_is_an_answer_and_gets_a_definite_one(
    console: ConsoleHarness,
) -> None:
    page = a_page(LI, ZHUTUO, channel=Channel.SMS)
    await console.project([page])
    reply = await write(console, "2 在外地", address="+86 138 0000 0001")
    assert reply["taken"] is True
    assert reply["reply"].startswith("已记录：不能")
    (answer,) = answers(console)
    assert (answer.page_id, answer.verb, answer.text) == (page.page_id, "cannot", "在外地")


async def test_a_reply_names_who_takes_over_and_asks_for_help(console: ConsoleHarness) -> None:
    await console.project([a_page(LI, ZHUTUO, channel=Channel.SMS)])
    officer = Officer(officer_id="o-town-a", name="王敏")
    slot = a_slot("o-town-a").model_copy(update={"post": Post.A, "officer": officer})
    console.deps.directory.apply(slot)
    await write(console, "3 王敏 我在外地")
    assert (await write(console, "４ 缺船"))["reply"].startswith("已记录：需要支援")
    handed, helped = answers(console)
    assert (handed.verb, handed.hand_to) == ("hand_over", "o-town-a")
    assert (helped.verb, helped.text) == ("need_help", "缺船")


async def test_a_reference_names_the_page_and_the_newest_is_meant_without_one(
    console: ConsoleHarness,
) -> None:
    old = a_page(LI, ZHUTUO, name="old", channel=Channel.SMS)
    new = a_page(LI, ZHUTUO, name="new", channel=Channel.SMS, at=NOW + timedelta(minutes=1))
    page = a_page("o-songji-b", ZHUTUO, name="other", channel=Channel.SMS)
    await console.project([old, new, page])
    await write(console, f"1 {reference_of(old.page_id)}")
    await write(console, "1")
    assert [answer.page_id for answer in answers(console)] == [old.page_id, new.page_id]
    reply = await write(console, f"1 {reference_of(page.page_id)}")
    assert reply["taken"] is False, "somebody else's page"
    assert len(answers(console)) == 2


async def test_a_bare_reply_is_not_taken_while_a_drill_and_the_real_thing_wait(
    console: ConsoleHarness,
) -> None:
    real = a_page(LI, ZHUTUO, name="real", channel=Channel.SMS)
    later = NOW + timedelta(minutes=1)
    drills = [
        a_page(LI, ZHUTUO, name=f"drill-{n}", channel=Channel.SMS, status=Status.EXERCISE, at=later)
        for n in range(60)
    ]
    await console.project([real, *drills])
    reply = await write(console, "1")
    assert reply["taken"] is False
    assert "演练" in reply["reply"]
    assert console.kafka.sent == []
    await write(console, f"1 {reference_of(real.page_id)}")
    await console.project(answers(console))
    await write(console, "1")
    assert [answer.status for answer in answers(console)] == [Status.ACTUAL, Status.EXERCISE]


@pytest.mark.parametrize(
    ("text", "address"), [("好的", PHONE), ("", PHONE), ("1", "13999999999"), ("1", PHONE)]
)
async def test_what_cannot_be_taken_is_said(
    console: ConsoleHarness, text: str, address: str
) -> None:
    reply = await write(console, text, address)
    assert reply["taken"] is False
    assert reply["reply"]
    assert console.kafka.sent == []


async def test_who_has_left_the_post_no_longer_answers_by_its_phone(
    console: ConsoleHarness,
) -> None:
    await console.project([a_page(LI, ZHUTUO, channel=Channel.SMS)])
    console.deps.directory.apply(a_slot(None))
    assert (await write(console, "1"))["taken"] is False


@pytest.mark.parametrize("key", [None, "whsec_" + "b3RoZXJvdGhlcm90aGVyb3RoZXI="])
@pytest.mark.parametrize("path", ["/carriers/receipts", "/carriers/replies", "/carriers/keys"])
async def test_unsigned_is_refused(console: ConsoleHarness, path: str, key: str | None) -> None:
    refused = await call(console, path, {"page_id": "x", "verb": "coming"}, key)
    assert (refused.status_code, refused.json()["reason"]) == (401, "signature")
    [refusal] = console.refused()
    assert (refusal.actor, refusal.reason, refusal.count) == ("unknown", "signature", 1)


async def test_a_signed_mistake_is_named(console: ConsoleHarness) -> None:
    refused = await call(console, "/carriers/receipts", {"page_id": "x", "verb": "later"})
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "verb")
    missing = await call(console, "/carriers/receipts", {"page_id": "pag-0", "verb": "read"})
    assert missing.status_code == 404


async def test_without_a_key_the_doors_are_closed() -> None:
    with fresh_database() as dsn:
        async with running_console(dsn) as harness:
            assert (await call(harness, "/carriers/replies", {})).status_code == 404


async def test_a_key_of_a_voice_call_is_an_answer_once(console: ConsoleHarness) -> None:
    page = a_page(LI, ZHUTUO)
    await console.project([page])
    body = {"page_id": page.page_id, "key": "1"}
    first = await call(console, "/carriers/keys", body)
    assert first.status_code == 200, first.text
    assert (first.json()["taken"], first.json()["repeat"]) == (True, False)
    assert "能到岗" in first.json()["reply"]
    await call(console, "/carriers/keys", body)
    (answer,) = {answer.id: answer for answer in answers(console)}.values()
    assert (answer.verb, answer.officer_id) == ("coming", LI)


@pytest.mark.parametrize(("key", "says"), [("9", False), ("7", True), ("#", True)])
async def test_other_keys_repeat_the_text_and_answer_nothing(
    console: ConsoleHarness, key: str, says: bool
) -> None:
    page = a_page(LI, ZHUTUO)
    await console.project([page])
    answer = (await call(console, "/carriers/keys", {"page_id": page.page_id, "key": key})).json()
    assert (answer["taken"], answer["repeat"], bool(answer["reply"])) == (False, True, says)
    assert answers(console) == []


async def test_a_key_without_a_signature_or_with_an_old_one_is_refused(
    console: ConsoleHarness,
) -> None:
    page = a_page(LI, ZHUTUO)
    await console.project([page])
    raw = json.dumps({"page_id": page.page_id, "key": "1"}).encode()
    then = SystemClock().now() - timedelta(minutes=10)
    old = {
        "content-type": "application/json",
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(then.timestamp())),
        "webhook-signature": Webhook(KEY).sign("msg-1", then, raw.decode()),
    }
    async with console.client(None) as client:
        for headers in (old, {"content-type": "application/json"}):
            answer = await client.post("/carriers/keys", content=raw, headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (401, "signature")
    assert answers(console) == []
