"""A page wakes a closed browser: registered by a press, pushed by notify, answered from there.

No push service is reachable from a test. So the browser's subscription names a push service of the
test, which checks the sender and opens what notify has sealed; the content then enters the real
browser as its push service would hand it over (DevTools, `ServiceWorker.deliverPushMessage`).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Worker, expect

from services.console.features.push.actions import device_id_of
from services.notify.channels.port import DeliveryOutcome, Tools
from services.notify.channels.web_push import WebPush
from shared.contracts.fields import Level
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.push_devices import PushDevice
from shared.contracts.topics import PAGE_ANSWERS, PUSH_DEVICES
from shared.domain.roster.post_holders import Roster
from shared.runtime.clock import SystemClock
from shared.runtime.push_key import PushKey
from tests.browser.conftest import Served, Visitor
from tests.support.carrier import running_receiver
from tests.support.console_events import SONGJI, a_page
from tests.support.push_service import CONTACT, PUBLIC_KEY, PUSH_KEY, PushBrowser, sender_claims

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
OFFICER = "o-songji-b"
SUBSCRIBED = """(subscription) => {
  let present = null;
  PushManager.prototype.getSubscription = async () => present;
  PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
    window.subscribedWith = { applicationServerKey, userVisibleOnly };
    present = {
      endpoint: subscription.endpoint,
      toJSON: () => subscription,
      unsubscribe: async () => { present = null; },
    };
    return present;
  };
}"""
NOTIFICATIONS = """async () => (await self.registration.getNotifications()).map((item) => ({
  title: item.title, body: item.body, tag: item.tag, stays: item.requireInteraction,
  renotify: item.renotify, badge: item.badge, vibrate: item.vibrate,
  actions: item.actions.map(({ action, title }) => [action, title]),
}))"""
PRESS = """async (action) => {
  const [notification] = await self.registration.getNotifications();
  const event = new Event("notificationclick");
  self.dispatchEvent(Object.assign(event, { notification, action, waitUntil: () => {} }));
}"""


def recorded(served: Served, topic: str, model: Any) -> list[Any]:
    return [
        model.from_wire(record.value)
        for record in served.console.kafka.sent
        if record.topic == topic and record.value is not None
    ]


async def until_answered(served: Served, page_id: str, verb: AnswerVerb) -> None:
    async with asyncio.timeout(60):
        while not any(
            (answer.page_id, answer.verb) == (page_id, verb)
            for answer in recorded(served, PAGE_ANSWERS.name, Answer)
        ):
            await asyncio.sleep(0.05)


async def notification_titled(worker: Worker, title: str) -> dict[str, Any]:
    """Return the only notification of the worker once it has this title."""
    async with asyncio.timeout(60):
        while True:
            notifications: list[dict[str, Any]] = await worker.evaluate(NOTIFICATIONS)
            if [item["title"] for item in notifications] == [title]:
                return notifications[0]
            await asyncio.sleep(0.05)


async def receive(context: BrowserContext, url: str, content: dict[str, Any]) -> None:
    """Hand a push over to the browser, in which no page of the console is open."""
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    registrations: asyncio.Queue[Any] = asyncio.Queue()

    def note(event: dict[str, Any]) -> None:
        for item in event["registrations"]:
            registrations.put_nowait(item)

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    await session.send("ServiceWorker.enable")
    registration = await asyncio.wait_for(registrations.get(), 60)
    await session.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": url,
            "registrationId": registration["registrationId"],
            "data": json.dumps(content),
        },
    )
    await page.close()


async def registered(page: Page, served: Served, browser: PushBrowser) -> PushDevice:
    """Let the officer press the button of the alarm; return the record of the browser."""
    keys = {"p256dh": browser.subscription.p256dh, "auth": browser.subscription.auth}
    await page.evaluate(SUBSCRIBED, {"endpoint": browser.subscription.endpoint, "keys": keys})
    await expect(page.locator("#alarm-state")).to_have_text("声音 关 · 推送 关")
    await page.locator("#alarm").click()
    await expect(page.locator("#alarm-state")).to_have_text("声音 开 · 推送 开")
    assert await page.evaluate("window.subscribedWith") == {
        "applicationServerKey": PUBLIC_KEY,
        "userVisibleOnly": True,
    }
    device: PushDevice = recorded(served, PUSH_DEVICES.name, PushDevice)[-1]
    assert (device.officer_id, device.subscription) == (OFFICER, browser.subscription)
    assert device.device_id == device_id_of(browser.subscription.endpoint)
    return device


async def test_a_page_wakes_a_closed_browser_and_is_answered_from_there(
    visitor: Visitor, served: Served
) -> None:
    screen = await visitor.open(OFFICER, phone=True)
    context = screen.context
    await context.grant_permissions(["notifications"], origin=served.url)
    await screen.reload()
    await screen.wait_for_selector(".link.live")
    paged = a_page(OFFICER, SONGJI, name="push", level=Level.RED, headline="松溉镇 山洪 ‖ Flood")
    served.run(served.console.project([paged]))
    async with running_receiver(201) as service:
        browser = PushBrowser(f"{service.base}/p/1")
        device = await registered(screen, served, browser)
        worker = context.service_workers[0]
        await screen.close()
        await context.clear_cookies()  # the session has ended long ago
        roster = Roster()
        roster.set_device(device)
        tools = Tools(SystemClock())
        sender = WebPush(PushKey(PUSH_KEY), CONTACT, ("127.0.0.1",), roster, tools)
        attempt = await sender.deliver(paged, None, resend=False)
        await sender.close()
    assert attempt.outcome is DeliveryOutcome.DELIVERED
    assert sender_claims(service.requests[0])["aud"] == service.base
    await receive(context, served.url, browser.opened(service.requests[0]))
    notification = await notification_titled(worker, "[红色]松溉镇 山洪")
    assert notification["actions"][:2] == [["coming", "能到岗"], ["cannot", "不能到岗"]]
    assert notification["stays"]
    assert notification["renotify"]
    assert notification["badge"].endswith("/icons/badge-96.png")
    assert len(notification["vibrate"]) > 8
    await until_answered(served, paged.page_id, AnswerVerb.DELIVERED)
    await worker.evaluate(PRESS, "coming")
    await until_answered(served, paged.page_id, AnswerVerb.COMING)
    confirmation = await notification_titled(worker, "已记录: 能到岗")
    assert confirmation["actions"] == []
