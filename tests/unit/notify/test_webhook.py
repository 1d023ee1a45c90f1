"""The webhook against a real server: the outcome of each misbehaviour."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from services.notify.channels.port import Attempt, DeliveryOutcome, Tools
from services.notify.channels.webhook import Webhook
from services.notify.settings import Settings
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.fields import DataGrade, Language, Post, Status
from shared.contracts.pages import Channel, Page
from shared.domain.bilingual import in_language
from shared.runtime.clock import SystemClock
from shared.runtime.errors import SetupError
from shared.runtime.settings import load
from tests.support.carrier import SECRET, Behaviour, running_receiver
from tests.unit.notify.builders import CONSOLE_AND_WEBHOOK, VILLAGE, an_assignment, full_roster
from tests.unit.notify.core_harness import a_core, a_working_set


def a_page(of: AssignmentEvent | None = None) -> Page:
    working_set = a_working_set()
    a_core(full_roster(channels=CONSOLE_AND_WEBHOOK), working_set).on_assignment(
        of or an_assignment()
    )
    return working_set.events[-1]


async def deliver(url: str, *, resend: bool = False) -> Attempt:
    webhook = Webhook(url, SecretStr(SECRET), Tools(SystemClock(), timeout_s=0.3))
    try:
        return await webhook.deliver(a_page(), None, resend=resend)
    finally:
        await webhook.close()


async def test_a_page_arrives_signed_and_complete() -> None:
    async with running_receiver() as receiver:
        assert await deliver(receiver.url) == Attempt(DeliveryOutcome.DELIVERED)
    (got,) = receiver.requests
    assert got.headers["webhook-id"] == a_page().page_id
    assert got.data["officer_id"] == a_page().officer_id
    assert (got.data["unit"], got.data["post"]) == (VILLAGE, Post.B)
    assert got.data["status"] == "Actual"
    assert got.data["resend"] is False
    assert "重发" not in got.data["text"]


async def test_a_repeat_has_the_same_id_and_is_marked() -> None:
    async with running_receiver() as receiver:
        await deliver(receiver.url)
        await deliver(receiver.url, resend=True)
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.data["resend"] is True
    assert second.data["text"].startswith("【重发】")


@pytest.mark.parametrize("channel", [Channel.LOUDSPEAKER, Channel.SCREEN])
@pytest.mark.parametrize("grade", DataGrade)
@pytest.mark.parametrize("status", [Status.ACTUAL, Status.EXERCISE])
async def test_a_device_gets_the_headline_and_of_a_graded_order_not_even_that(
    channel: Channel, grade: DataGrade, status: Status
) -> None:
    page = a_page(an_assignment(status=status).model_copy(update={"data_grade": grade}))
    tools = Tools(SystemClock(), timeout_s=0.3)
    async with running_receiver() as receiver:
        device = Webhook(receiver.url, SecretStr(SECRET), tools, channel)
        try:
            await device.deliver(page, None, resend=False)
        finally:
            await device.close()
    (got,) = receiver.requests
    general = grade is DataGrade.GENERAL
    assert (in_language(page.headline, Language.ZH) == got.data["headline"]) is general
    assert got.data["text"] == got.data["headline"]
    assert got.data["text"].startswith("【演练】") is (status is Status.EXERCISE)
    assert "officer_id" not in got.data


@pytest.mark.parametrize(
    ("behaviour", "outcome", "arrived"),
    [
        (200, DeliveryOutcome.DELIVERED, 1),
        ("endless", DeliveryOutcome.DELIVERED, 1),
        (302, DeliveryOutcome.REFUSED, 1),
        (400, DeliveryOutcome.REFUSED, 1),
        (410, DeliveryOutcome.REFUSED, 1),
        (429, DeliveryOutcome.NOT_SENT, 1),
        (408, DeliveryOutcome.UNKNOWN, 1),
        (500, DeliveryOutcome.UNKNOWN, 1),
        (503, DeliveryOutcome.UNKNOWN, 1),
        ("slow", DeliveryOutcome.UNKNOWN, 1),
        ("lose", DeliveryOutcome.UNKNOWN, 1),
        ("close", DeliveryOutcome.UNKNOWN, 0),
    ],
)
async def test_a_misbehaving_receiver_is_judged_by_what_may_have_arrived(
    behaviour: Behaviour, outcome: DeliveryOutcome, arrived: int
) -> None:
    async with running_receiver(behaviour) as receiver:
        result = (await deliver(receiver.url)).outcome
    assert result is outcome
    assert len(receiver.requests) == arrived, "and a redirect is not followed"


async def test_an_absent_receiver_was_not_reached() -> None:
    async with running_receiver() as receiver:
        url = receiver.url
    assert (await deliver(url))[0] is DeliveryOutcome.NOT_SENT


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FENGHUO_WEBHOOK_URL", "ftp://x", "FENGHUO_WEBHOOK_URL"),
        ("FENGHUO_WEBHOOK_URL", "http://127.0.0.1:9/x", "needs FENGHUO_WEBHOOK_SECRET"),
        ("FENGHUO_WEBHOOK_SECRET", "not base64!", "must be base64"),
        ("FENGHUO_WEBHOOK_SECRET", "c2hvcnQ=", "at least 16 bytes"),
        ("FENGHUO_SLA_PROFILE", "fast", "FENGHUO_SLA_PROFILE"),
    ],
)
def test_wrong_settings_are_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv("FENGHUO_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("FENGHUO_HTTP_PORT", "1")
    monkeypatch.setenv("FENGHUO_DATABASE_URL", "postgresql://x@127.0.0.1/x")
    assert load(Settings).webhook_url is None
    monkeypatch.setenv(name, value)
    with pytest.raises(SetupError, match=message) as refused:
        load(Settings)
    assert value not in str(refused.value) or name == "FENGHUO_SLA_PROFILE"
