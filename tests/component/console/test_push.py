"""Web push at the console: browsers of officers, answers from notifications, what installs it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from services.console.features.push.push_parts import PushParts
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.push_devices import DeviceEnd, PushDevice
from shared.contracts.topics import PAGE_ANSWERS, PUSH_DEVICES
from shared.runtime.push_key import AnswerTicket, PushKey
from tests.component.console.test_pages import boot
from tests.support.console_events import ZHUTUO, a_page
from tests.support.console_harness import ConsoleHarness, running_console
from tests.support.postgres import fresh_database
from tests.support.push_service import PUBLIC_KEY, PUSH_KEY, PushBrowser

BROWSER = PushBrowser("https://fcm.googleapis.com/fcm/send/1").subscription
BODY = {
    "endpoint": BROWSER.endpoint,
    "keys": {"p256dh": BROWSER.p256dh, "auth": BROWSER.auth},
    "name": "Chrome · Android",
}


@pytest.fixture
async def pushing() -> AsyncIterator[ConsoleHarness]:
    with fresh_database() as dsn:
        async with running_console(dsn, web_push_key=PUSH_KEY) as harness:
            yield harness


def recorded(console: ConsoleHarness, topic: str, model: Any) -> list[Any]:
    return [
        model.from_wire(record.value)
        for record in console.kafka.sent
        if record.topic == topic and record.value is not None
    ]


async def test_a_browser_is_registered_listed_and_removed(pushing: ConsoleHarness) -> None:
    parts = pushing.deps.part(PushParts)
    async with pushing.client("o-town-b") as client:
        assert (await client.post("/api/push/devices", json=BODY)).status_code == 202
        (device,) = recorded(pushing, PUSH_DEVICES.name, PushDevice)
        assert (device.officer_id, device.subscription) == ("o-town-b", BROWSER)
        parts.apply(device)
        answer = (await client.get("/api/push/devices")).json()
        assert answer["key"] == PUBLIC_KEY
        assert [entry["ended"] for entry in answer["devices"]] == [None]
        path = f"/api/push/devices/{device.device_id}/remove"
        async with pushing.client("o-songji-b") as stranger:
            assert (await stranger.post(path)).status_code == 404
            assert (await stranger.get("/api/push/devices")).json()["devices"] == []
        assert (await client.post(path)).status_code == 202
        removed = recorded(pushing, PUSH_DEVICES.name, PushDevice)[-1]
        assert (removed.device_id, removed.subscription) == (device.device_id, None)
        assert removed.ended is DeviceEnd.REMOVED
    # The browser of a shared desk belongs to the officer who signs in last.
    async with pushing.client("o-songji-b") as stranger:
        await stranger.post("/api/push/devices", json=BODY)
    shared = recorded(pushing, PUSH_DEVICES.name, PushDevice)[-1]
    assert (shared.device_id, shared.officer_id) == (device.device_id, "o-songji-b")


@pytest.mark.parametrize(
    "change",
    [{"endpoint": "ftp://x/y"}, {"endpoint": "https://x"}, {"keys": {"p256dh": "A", "auth": "A"}}],
)
async def test_a_subscription_that_is_none_is_refused(
    pushing: ConsoleHarness, change: dict[str, Any]
) -> None:
    async with pushing.client("o-town-b") as client:
        response = await client.post("/api/push/devices", json={**BODY, **change})
    assert response.status_code == 422
    assert response.json()["errors"]


async def test_without_a_key_no_browser_is_registered(console: ConsoleHarness) -> None:
    async with console.client("o-town-b") as client:
        assert (await client.get("/api/push/devices")).json()["key"] is None
        assert (await client.post("/api/push/devices", json=BODY)).status_code == 404
        assert boot(await client.get("/m"))["push_key"] is None


async def test_a_notification_is_answered_without_a_session(pushing: ConsoleHarness) -> None:
    page = a_page("o-town-b", ZHUTUO)
    await pushing.project([page])
    key, now = PushKey(PUSH_KEY), pushing.deps.clock.now()
    later = int((now + timedelta(hours=1)).timestamp())
    ticket = key.ticket(AnswerTicket(page.page_id, "o-town-b"), later)
    async with pushing.client(None) as client:
        for verb in ("delivered", "coming"):
            body = {"ticket": ticket, "verb": verb}
            response = await client.post("/push/answers", json=body)
            assert (response.status_code, response.json()) == (202, {"repeated": False})
            assert (await client.post("/push/answers", json=body)).json() == {"repeated": True}
        answers = recorded(pushing, PAGE_ANSWERS.name, Answer)
        assert {(answer.officer_id, answer.verb) for answer in answers} == {
            ("o-town-b", AnswerVerb.DELIVERED),
            ("o-town-b", AnswerVerb.COMING),
        }
        count = len(answers)
        foreign = key.ticket(AnswerTicket(page.page_id, "o-songji-b"), later)
        stale = key.ticket(AnswerTicket(page.page_id, "o-town-b"), int(now.timestamp()) - 1)
        other_key = PushKey("A" * 42 + "E").ticket(AnswerTicket(page.page_id, "o-town-b"), later)
        for text, status in ((foreign, 404), (stale, 401), (other_key, 401), ("a.b.c", 401)):
            body = {"ticket": text, "verb": "coming"}
            assert (await client.post("/push/answers", json=body)).status_code == status, text
        refused = await client.post("/push/answers", json={"ticket": ticket, "verb": "hand_over"})
        assert refused.status_code == 422
    assert len(recorded(pushing, PAGE_ANSWERS.name, Answer)) == count


async def test_the_console_can_be_installed_in_both_languages(pushing: ConsoleHarness) -> None:
    async with pushing.client(None) as client:
        page = await client.get("/m?lang=en")
        assert 'href="/manifest.webmanifest?lang=en"' in page.text
        names = set()
        for language in ("zh-CN", "en"):
            response = await client.get(f"/manifest.webmanifest?lang={language}")
            assert response.headers["content-type"] == "application/manifest+json"
            manifest = response.json()
            assert (manifest["lang"], manifest["display"]) == (language, "standalone")
            names.add(manifest["name"])
            for entry in manifest["icons"]:
                picture = Image.open(io.BytesIO((await client.get(entry["src"])).content))
                assert f"{picture.width}x{picture.height}" == entry["sizes"]
        assert len(names) == 2
        assert (await client.get("/icons/other.png")).status_code == 404
        worker = await client.get("/worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert "no-cache" in worker.headers["cache-control"]
