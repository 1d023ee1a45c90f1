"""SMS gateways and group robots against a real server that expects and misbehaves."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.notify.channels.dingtalk import DingtalkSettings
from services.notify.channels.feishu import FeishuSettings
from services.notify.channels.port import Attempt, DeliveryOutcome, Sender, Tools
from services.notify.channels.sms import SmsSettings
from services.notify.channels.webhook import WebhookSettings
from services.notify.channels.wecom import WecomSettings
from shared.contracts.fields import Language, Status
from shared.contracts.pages import Channel, Page
from shared.domain.bilingual import in_language
from shared.domain.page_texts.marks import headline
from shared.runtime.clock import SystemClock
from tests.support.carrier import SECRET, Behaviour, CarrierRequest, running_receiver
from tests.unit.notify.builders import CONSOLE_AND_WEBHOOK, an_assignment, full_roster
from tests.unit.notify.core_harness import a_core, a_working_set

NOW = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)
PHONE = "13800000001"


class Noon:
    """A clock that always shows noon."""

    def now(self) -> datetime:
        return NOW


ENVIRON = {"TOKEN": "t0ken", "SIGN": "s1gn", "SMS": "gateway-key", "HOOK": SECRET}
TOOLS = Tools(Noon(), link="https://duty.example", environ=ENVIRON, timeout_s=0.3)
TOKEN = {"env": "TOKEN"}


def dingtalk(base: str) -> Sender:
    return DingtalkSettings.model_validate(
        {"channel": "dingtalk", "base_url": base, "token": TOKEN, "secret": {"env": "SIGN"}}
    ).sender(TOOLS)


def wecom(base: str) -> Sender:
    return WecomSettings.model_validate(
        {"channel": "wecom", "base_url": base, "token": TOKEN}
    ).sender(TOOLS)


def feishu(base: str) -> Sender:
    return FeishuSettings.model_validate(
        {"channel": "feishu", "base_url": base, "token": TOKEN, "secret": {"env": "SIGN"}}
    ).sender(TOOLS)


GATEWAY: dict[str, Any] = {
    "channel": "sms",
    "headers": {"authorization": "Bearer {secret}"},
    "json": {"mobile": ["{phone}"], "content": "{text}", "id": "{page_id}", "kind": 1},
    "secret": {"env": "SMS"},
    "accepted": {"path": "result.code", "equals": "OK", "busy": ["LIMIT"]},
}


def sms(base: str, **settings: Any) -> Sender:
    return SmsSettings.model_validate({**GATEWAY, "url": f"{base}/send", **settings}).sender(TOOLS)


ACCEPTED: dict[Callable[[str], Sender], dict[str, Any]] = {
    dingtalk: {"errcode": 0, "errmsg": "ok"},
    wecom: {"errcode": 0, "errmsg": "ok"},
    feishu: {"code": 0, "msg": "success"},
    sms: {"result": {"code": "OK"}},
}


def a_page(text: str = "") -> Page:
    working_set = a_working_set()
    a_core(full_roster(channels=CONSOLE_AND_WEBHOOK), working_set).on_assignment(an_assignment())
    page = working_set.events[-1]
    return page.model_copy(update={"text": text}) if text else page


async def deliver(
    make: Callable[[str], Sender],
    *behaviours: Behaviour,
    page: Page | None = None,
    address: str | None = PHONE,
    resend: bool = False,
) -> tuple[Attempt, list[CarrierRequest]]:
    async with running_receiver(*behaviours) as carrier:
        sender = make(carrier.base)
        try:
            result = await sender.deliver(page or a_page(), address, resend=resend)
        finally:
            await sender.close()
    return result, carrier.requests


async def test_dingtalk_gets_a_signed_text_that_names_the_officer() -> None:
    result, (got,) = await deliver(dingtalk, ACCEPTED[dingtalk])
    assert result == Attempt(DeliveryOutcome.DELIVERED)
    assert (got.method, got.path) == ("POST", "/robot/send")
    stamp = str(int(NOW.timestamp() * 1000))
    signed = hmac.new(b"s1gn", f"{stamp}\ns1gn".encode(), hashlib.sha256).digest()
    assert got.query == {
        "access_token": "t0ken",
        "timestamp": stamp,
        "sign": base64.b64encode(signed).decode(),
    }
    assert got.body["at"] == {"atMobiles": [PHONE]}
    assert f"@{PHONE}" in got.body["text"]["content"]


async def test_wecom_gets_a_text_within_its_limit() -> None:
    page = a_page("水" * 2_000)
    result, (got,) = await deliver(wecom, ACCEPTED[wecom], page=page)
    assert result.outcome is DeliveryOutcome.DELIVERED
    assert (got.path, got.query) == ("/cgi-bin/webhook/send", {"key": "t0ken"})
    assert got.body["text"]["mentioned_mobile_list"] == [PHONE]
    assert 2_030 < len(got.body["text"]["content"].encode()) <= 2_048


async def test_feishu_gets_a_signed_text_in_which_nothing_is_a_tag() -> None:
    page = a_page('<at user_id="all"></at> & 撤离')
    result, (got,) = await deliver(feishu, ACCEPTED[feishu], page=page, address="ou_1")
    assert result.outcome is DeliveryOutcome.DELIVERED
    assert got.path == "/open-apis/bot/v2/hook/t0ken"
    stamp = str(int(NOW.timestamp()))
    signed = hmac.new(f"{stamp}\ns1gn".encode(), b"", hashlib.sha256).digest()
    assert got.body["sign"] == base64.b64encode(signed).decode()
    text = got.body["content"]["text"]
    assert text.count("<at ") == 1
    assert text.endswith('<at user_id="ou_1"></at>')
    assert "&lt;at user_id=" in text
    assert "&amp; 撤离" in text


async def test_a_gateway_gets_its_own_fields_and_no_text_breaks_out_of_them() -> None:
    page = a_page('{secret} {phone} ", "mobile": "1')
    result, (got,) = await deliver(sms, ACCEPTED[sms], page=page)
    assert result.outcome is DeliveryOutcome.DELIVERED
    assert got.headers["authorization"] == "Bearer gateway-key"
    assert got.body.keys() == {"mobile", "content", "id", "kind"}
    assert (got.body["mobile"], got.body["kind"]) == ([PHONE], 1)
    assert got.body["id"] == page.page_id
    assert '{secret} {phone} ", "mobile": "1' in got.body["content"], "a value is no template"
    assert "gateway-key" not in got.body["content"]


async def test_a_gateway_may_need_a_form_or_a_query() -> None:
    form = {"to": "{phone}", "msg": "{text}"}
    _, (got,) = await deliver(
        lambda base: sms(base, json=None, form=form), ACCEPTED[sms], page=a_page("a&to=1")
    )
    assert got.form["to"] == PHONE
    assert "a&to=1" in got.form["msg"]
    _, (got,) = await deliver(
        lambda base: sms(base, json=None, query=form, method="GET"), ACCEPTED[sms]
    )
    assert (got.method, got.query["to"]) == ("GET", PHONE)


@pytest.mark.parametrize("make", [dingtalk, wecom, feishu, sms])
async def test_every_text_has_the_subject_the_replies_and_the_mark_of_a_repeat(
    make: Callable[[str], Sender],
) -> None:
    page = a_page()
    _, (first,) = await deliver(make, ACCEPTED[make], page=page)
    _, (second,) = await deliver(make, ACCEPTED[make], page=page, resend=True)
    for got in (first, second):
        text = got.raw.decode()
        for part in (page.headline, "1 能到岗", page.page_id[-6:], "https://duty.example/m"):
            assert part in text or part.encode("unicode_escape").decode() in text
    assert "重发" not in str(first.body)
    assert "重发" in str(second.body)


COMMON: list[tuple[Behaviour, DeliveryOutcome]] = [
    (400, DeliveryOutcome.REFUSED),
    (429, DeliveryOutcome.NOT_SENT),
    (500, DeliveryOutcome.UNKNOWN),
    (503, DeliveryOutcome.UNKNOWN),
    ("slow", DeliveryOutcome.UNKNOWN),
    ("lose", DeliveryOutcome.UNKNOWN),
    ("close", DeliveryOutcome.UNKNOWN),
    ("endless", DeliveryOutcome.UNKNOWN),
    ({"something": "else"}, DeliveryOutcome.UNKNOWN),
]
OWN: list[tuple[Callable[[str], Sender], Behaviour, DeliveryOutcome]] = [
    (dingtalk, {"errcode": 130101}, DeliveryOutcome.NOT_SENT),
    (dingtalk, {"errcode": 310000, "errmsg": "sign not match"}, DeliveryOutcome.REFUSED),
    (dingtalk, {"errcode": -1}, DeliveryOutcome.UNKNOWN),
    (wecom, {"errcode": 45009}, DeliveryOutcome.NOT_SENT),
    (wecom, {"errcode": 93000}, DeliveryOutcome.REFUSED),
    (feishu, {"code": 11232}, DeliveryOutcome.NOT_SENT),
    (feishu, {"code": 19021}, DeliveryOutcome.REFUSED),
    (feishu, {"code": False}, DeliveryOutcome.UNKNOWN),
    (sms, {"result": {"code": "LIMIT"}}, DeliveryOutcome.NOT_SENT),
    (sms, {"result": {"code": "BLACKLIST"}}, DeliveryOutcome.REFUSED),
]


@pytest.mark.parametrize(
    ("make", "behaviour", "outcome"),
    [*OWN, *((make, *case) for make in ACCEPTED for case in COMMON)],
)
async def test_a_misbehaving_carrier_is_judged_by_what_may_have_arrived(
    make: Callable[[str], Sender], behaviour: Behaviour, outcome: DeliveryOutcome
) -> None:
    result, _ = await deliver(make, behaviour)
    assert result.outcome is outcome
    for secret in ("t0ken", "s1gn", "gateway-key"):
        assert secret not in (result.reason or "")


@pytest.mark.parametrize("make", list(ACCEPTED))
async def test_an_absent_carrier_was_not_reached(make: Callable[[str], Sender]) -> None:
    async with running_receiver() as carrier:
        base = carrier.base
    sender = make(base)
    assert (await sender.deliver(a_page(), PHONE, resend=False)).outcome is DeliveryOutcome.NOT_SENT
    await sender.close()


async def test_an_sms_without_a_number_is_refused_and_nobody_is_called() -> None:
    result, received = await deliver(sms, address=None)
    assert result == Attempt(DeliveryOutcome.REFUSED, "no phone number")
    assert received == []


@pytest.mark.parametrize("channel", [Channel.LOUDSPEAKER, Channel.SCREEN])
async def test_a_loudspeaker_or_a_screen_is_a_webhook_under_its_own_name(channel: Channel) -> None:
    def device(base: str) -> Sender:
        return WebhookSettings.model_validate(
            {"channel": channel, "url": f"{base}/cun", "secret": {"env": "HOOK"}}
        ).sender(TOOLS._replace(clock=SystemClock()))

    result, (got,) = await deliver(device, 204)
    assert result.outcome is DeliveryOutcome.DELIVERED
    assert got.body["type"] == f"duty.{channel}"
    page = a_page()
    assert got.data["text"] == got.data["headline"] == page.headline
    assert page.officer_id not in got.raw.decode()
    assert got.headers["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize("make", ACCEPTED)
async def test_the_mark_of_a_drill_comes_first(make: Callable[[str], Sender]) -> None:
    drill = a_page().model_copy(
        update={"status": Status.EXERCISE, "headline": headline(Status.EXERCISE, "水位超警戒")}
    )
    _, (got,) = await deliver(make, ACCEPTED[make], page=drill, resend=True)
    text = str(got.body.get("content") or got.body.get("text"))
    assert text.removeprefix("{'content': '").removeprefix("{'text': '").startswith("【演练】")
    assert text.count("【演练】") == 1


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (Status.EXERCISE, "水位", "【演练】水位"),
        (Status.EXERCISE, "【演练】水位", "【演练】水位"),
        (Status.TEST, "【演练】水位", "【测试】水位"),
        (Status.ACTUAL, "【演练】【测试】水位", "水位"),
        (Status.ACTUAL, "【演练】", "演练"),
    ],
)
def test_only_the_system_sets_the_mark_of_a_drill(status: Status, text: str, expected: str) -> None:
    drill = {Status.EXERCISE: "[DRILL] ", Status.TEST: "[TEST] "}.get(status, "")
    words = headline(status, text)
    assert in_language(words, Language.ZH) == expected
    assert in_language(words, Language.EN) == drill + expected.rpartition("】")[2]
    assert headline(status, words) == words, "marked once"
