"""Web push against a push service that checks the sender and opens what was sealed."""

from __future__ import annotations

import json

import pytest

from services.notify.channels.port import Attempt, DeliveryOutcome
from services.notify.channels.web_push import WebPush
from shared.contracts.fields import DataGrade, Language, Level, Post, Status
from shared.contracts.pages import Channel, Page, PageState
from shared.contracts.push_devices import DeviceEnd, PushDevice, PushSubscription
from shared.contracts.topics import PUSH_DEVICES
from shared.domain.roster.post_holders import Roster
from shared.runtime.push_key import AnswerTicket, PushKey
from tests.support.carrier import Behaviour, Receiver, running_receiver
from tests.support.push_service import CONTACT, PUSH_KEY, PushBrowser, sender_claims
from tests.unit.notify.builders import VILLAGE, a_slot, an_assignment, name_of
from tests.unit.notify.core_harness import a_core, a_working_set
from tests.unit.notify.harness import NotifyHarness
from tests.unit.notify.test_carriers import NOW, TOOLS, a_page

KEY = PushKey(PUSH_KEY)


def push_sender(roster: Roster, hosts: tuple[str, ...] = ("127.0.0.1",)) -> WebPush:
    return WebPush(KEY, CONTACT, hosts, roster, TOOLS._replace(timeout_s=60.0))


def roster_with(page: Page, *devices: PushDevice) -> Roster:
    roster = Roster()
    for device in devices:
        roster.set_device(device)
    return roster


async def pushed(
    page: Page, *behaviours: Behaviour, language: Language = Language.ZH, resend: bool = False
) -> tuple[Attempt, PushBrowser, Receiver]:
    async with running_receiver(*behaviours) as service:
        browser = PushBrowser(f"{service.base}/p/1")
        sender = push_sender(roster_with(page, browser.device(page.officer_id)))
        result = await sender.deliver(page, None, resend=resend, language=language)
    await sender.close()
    return result, browser, service


async def test_a_push_is_signed_and_sealed_for_its_browser() -> None:
    page = a_page().model_copy(update={"level": Level.RED})
    result, browser, service = await pushed(page, 201)
    assert result.outcome is DeliveryOutcome.DELIVERED
    (request,) = service.requests
    assert request.headers["urgency"] == "high"
    claims = sender_claims(request)
    assert (claims["aud"], claims["sub"]) == (service.base, CONTACT)
    assert NOW.timestamp() < claims["exp"] <= NOW.timestamp() + 24 * 3600  # RFC 8292, 2
    assert page.headline.encode() not in request.raw
    content = browser.opened(request)
    assert content["title"].startswith("[红色]")
    assert content["urgent"]
    assert [choice["action"] for choice in content["actions"]] == [
        "coming",
        "cannot",
        "need_help",
        "open",
    ]
    assert [choice["title"] for choice in content["actions"]] == [
        "能到岗",
        "不能到岗",
        "需要支援",
        "打开",
    ]
    ticket = KEY.checked_ticket(content["ticket"], NOW.timestamp())
    assert ticket == AnswerTicket(page.page_id, page.officer_id)
    assert KEY.checked_ticket(content["ticket"], NOW.timestamp() + 13 * 3600) is None
    token = request.headers["authorization"].split("t=")[1].split(",")[0]
    assert KEY.checked_ticket(token, NOW.timestamp()) is None, "a push service could answer"
    assert len(request.raw) < 4_096, "more than push services take"


async def test_a_repeat_and_a_drill_are_marked_in_the_language_of_the_reader() -> None:
    page = a_page().model_copy(
        update={"status": Status.EXERCISE, "headline": "【演练】朱沱 ‖ [DRILL] Zhutuo"}
    )
    _, browser, service = await pushed(page, 201, language=Language.EN, resend=True)
    content = browser.opened(service.requests[0])
    assert content["title"] == "[DRILL] [SENT AGAIN] [orange] Zhutuo"
    assert content["body"].startswith("Answer by ")
    assert content["actions"][0]["title"] == "coming"


async def test_a_locked_phone_shows_no_words_of_a_graded_order_and_no_person() -> None:
    working_set = a_working_set()
    core = a_core(Roster([a_slot(VILLAGE, Post.B, "o-1")]), working_set)
    order = an_assignment().model_copy(
        update={"data_grade": DataGrade.IMPORTANT, "title": "机密转移", "instruction": "机密细节"}
    )
    core.on_assignment(order)
    (page,) = working_set.events
    page = page.model_copy(update={"text": f"{page.text} 此前呼叫：某某 13800000001 机密细节"})
    _, browser, service = await pushed(page, 201)
    words = json.dumps(browser.opened(service.requests[0]), ensure_ascii=False)
    for secret in ("机密", "某某", "13800000001"):
        assert secret not in words


async def test_each_browser_of_the_officer_gets_the_page_and_an_ended_one_is_named() -> None:
    page = a_page()
    async with running_receiver(410, 201) as service:
        devices = [PushBrowser(f"{service.base}/p/{n}").device(page.officer_id) for n in (1, 2)]
        sender = push_sender(roster_with(page, *devices))
        result = await sender.deliver(page, None, resend=False)
    await sender.close()
    assert result.outcome is DeliveryOutcome.DELIVERED
    assert len(result.ended) == 1
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (404, DeliveryOutcome.REFUSED),
        (410, DeliveryOutcome.REFUSED),
        (429, DeliveryOutcome.NOT_SENT),
        (500, DeliveryOutcome.UNKNOWN),
        ("lose", DeliveryOutcome.UNKNOWN),
    ],
)
async def test_a_push_service_is_judged_like_every_carrier(
    behaviour: Behaviour, outcome: DeliveryOutcome
) -> None:
    result, _, _ = await pushed(a_page(), behaviour)
    assert result.outcome is outcome
    assert bool(result.ended) is (behaviour in (404, 410))


@pytest.mark.parametrize(
    ("host", "hosts", "allowed"),
    [
        ("169.254.169.254", ("fcm.googleapis.com",), False),
        ("wns2-a.notify.windows.com", (".notify.windows.com",), True),
        ("notify.windows.com.example.org", (".notify.windows.com",), False),
        ("evil-fcm.googleapis.com", ("fcm.googleapis.com",), False),
    ],
)
def test_no_subscription_makes_us_call_another_server(
    host: str, hosts: tuple[str, ...], allowed: bool
) -> None:
    assert push_sender(Roster(), hosts)._allows(host) is allowed


async def test_wrong_keys_and_no_browser_are_refused() -> None:
    page = a_page()
    sender = push_sender(Roster())
    assert await sender.deliver(page, None, resend=False) == Attempt(
        DeliveryOutcome.REFUSED, "no browser is registered"
    )
    device = PushBrowser("http://127.0.0.1:1/p").device(page.officer_id)
    broken = PushSubscription(endpoint="http://127.0.0.1:1/p", p256dh="A" * 87, auth="A" * 22)
    sender = push_sender(roster_with(page, device.model_copy(update={"subscription": broken})))
    assert (await sender.deliver(page, None, resend=False)).outcome is DeliveryOutcome.REFUSED


def test_an_officer_with_a_browser_is_pushed_whatever_the_roster_names() -> None:
    roster = Roster([a_slot(VILLAGE, Post.B, "o-1")])
    device = PushBrowser("http://127.0.0.1:1/p").device("o-1")
    roster.set_device(device)
    working_set = a_working_set()
    a_core(roster, working_set).on_assignment(an_assignment())
    assert [page.channel for page in working_set.events] == [Channel.CONSOLE, Channel.WEB_PUSH]
    roster.set_device(device.model_copy(update={"officer_id": "o-2"}))  # a shared desk
    assert roster.devices("o-1") == []
    roster.set_device(device.model_copy(update={"subscription": None}))
    assert roster.devices("o-2") == []


@pytest.mark.e2e
async def test_a_browser_that_is_over_is_removed_and_said_so(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE)
    officer = name_of(VILLAGE, Post.B)
    notify.reference.channels |= {Channel.WEB_PUSH}
    async with running_receiver(410) as service:
        device = PushBrowser(f"{service.base}/p/1").device(officer)
        notify.driver.load_table(PUSH_DEVICES, device)
        sender = push_sender(notify.reference.roster)
        await notify.deliver(an_assignment())
        assert await notify.delivery_loop(sender).deliver_batch() == 1
        await sender.close()
    published = await notify.driver.published()
    (ended,) = [record for record in published if isinstance(record, PushDevice)]
    assert (ended.device_id, ended.subscription, ended.ended) == (
        device.device_id,
        None,
        DeviceEnd.EXPIRED,
    )
    (failed,) = [page for page in await notify.pages() if page.state is PageState.FAILED]
    assert (failed.channel, failed.reason) == (Channel.WEB_PUSH, "the subscription is over")
    notify.driver.load_table(PUSH_DEVICES, ended)
    assert notify.reference.roster.devices(officer) == []
