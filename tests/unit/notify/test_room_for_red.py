"""A carrier that never answers gets every attempt of a channel, the reserved ones included."""

from __future__ import annotations

import asyncio

import pytest

from services.notify.channels.email import EmailSettings
from services.notify.channels.port import MAX_ATTEMPTS_AT_ONCE, Sender, Tools
from services.notify.channels.webhook import WebhookSettings
from shared.runtime.clock import SystemClock
from tests.support.carrier import SECRET
from tests.unit.notify.test_carriers import a_page

TOOLS = Tools(SystemClock(), environ={"HOOK": SECRET}, timeout_s=120.0)


def a_webhook(port: int) -> Sender:
    settings = {"channel": "webhook", "url": f"http://127.0.0.1:{port}", "secret": {"env": "HOOK"}}
    return WebhookSettings.model_validate(settings).sender(TOOLS)


def an_email(port: int) -> Sender:
    settings = {
        "channel": "email",
        "host": "127.0.0.1",
        "port": port,
        "sender_address": "a@b.example",
    }
    return EmailSettings.model_validate(settings).sender(TOOLS)


@pytest.mark.parametrize("make", [a_webhook, an_email])
async def test_every_attempt_reaches_a_carrier_that_is_stuck(make: object) -> None:
    came, everyone, finished = 0, asyncio.Event(), asyncio.Event()

    async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        if came == MAX_ATTEMPTS_AT_ONCE:
            everyone.set()
        await finished.wait()
        writer.close()

    server = await asyncio.start_server(stuck, "127.0.0.1", 0)
    assert callable(make)
    sender = make(server.sockets[0].getsockname()[1])
    attempts = [
        asyncio.create_task(sender.deliver(a_page(), "li@example.gov.cn", resend=False))
        for _ in range(MAX_ATTEMPTS_AT_ONCE)
    ]
    try:
        await asyncio.wait_for(everyone.wait(), 60)
    finally:
        finished.set()
        await asyncio.gather(*attempts)
        await sender.close()
        server.close()
    assert came == MAX_ATTEMPTS_AT_ONCE
