"""Web push (RFC 8030, 8291, 8292), with pywebpush: an optional package, not installed by default.

The push services of browsers are rarely reachable from mainland China. The officer's address is the
subscription as the browser made it: JSON without spaces.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any, Literal

import httpx2
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from services.notify.channels.http import client, exchange, outcome_of
from services.notify.channels.port import (
    Attempt,
    ChannelSettings,
    DeliveryOutcome,
    SecretSource,
    Sender,
    Tools,
)
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page
from shared.domain.bilingual import in_language
from shared.runtime.errors import SetupError

_ENDED = (404, 410)
_LIFE_S = 600


class WebPushSettings(ChannelSettings):
    """The settings of web push.

    - `private_key`: the VAPID key (base64url).
    - `contact`: mailto: or https: address of the operator.
    - `hosts`: the push services that a subscription may name. Every other address is refused, since
      a subscription could otherwise make the service call any internal server.
    """

    channel: Literal[Channel.WEB_PUSH]
    private_key: SecretSource
    contact: str
    hosts: tuple[str, ...] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "web.push.apple.com",
    )

    def sender(self, tools: Tools) -> Sender:
        """Return the channel; raises SetupError when pywebpush is not installed."""
        try:
            library = import_module("pywebpush")
            vapid = import_module("py_vapid")
        except ImportError:
            raise SetupError(
                "The channel web_push needs the package pywebpush: install it or switch it off."
            ) from None
        return WebPush(self, tools, library, vapid)


class WebPush:
    """Encrypts a page for one subscription and posts it to the push service."""

    channel = Channel.WEB_PUSH

    def __init__(self, settings: WebPushSettings, tools: Tools, library: Any, vapid: Any) -> None:
        self._settings = settings
        self._library = library
        key = settings.private_key.read(tools.environ).get_secret_value()
        self._vapid = vapid.Vapid.from_string(key)
        self._clock = tools.clock
        self._message = tools.message
        self._client = client(tools.timeout_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def deliver(
        self,
        page: Page,
        address: str | None,
        *,
        resend: bool,
        language: Language = Language.ZH,
    ) -> Attempt:
        """Make one attempt; REFUSED for a subscription that is invalid, not allowed, or over."""
        try:
            subscription = from_json(address or "")
            endpoint = httpx2.URL(subscription["endpoint"])
            keys = subscription["keys"]["p256dh"], subscription["keys"]["auth"]
        except (ValueError, TypeError, KeyError, httpx2.InvalidURL, ValidationError):
            return Attempt(DeliveryOutcome.REFUSED, "no push subscription")
        if endpoint.host not in self._settings.hosts:
            return Attempt(
                DeliveryOutcome.REFUSED, "the push service is not among the allowed hosts"
            )
        content = {
            "page_id": page.page_id,
            "level": page.level,
            "headline": in_language(page.headline, language),
            "text": self._message(page, language, self.channel, resend=resend),
        }
        info = {"endpoint": str(endpoint), "keys": {"p256dh": keys[0], "auth": keys[1]}}
        try:
            sealed = await asyncio.to_thread(self._seal, info, to_json(content))
        except (ValueError, self._library.WebPushException):
            return Attempt(DeliveryOutcome.REFUSED, "no push subscription")
        headers = {
            **self._signature(endpoint),
            "content-encoding": "aes128gcm",
            "ttl": str(_LIFE_S),
            "urgency": "high",
            # One topic per page: a repeat replaces an earlier push in the queue (RFC 8030, 5.4).
            "topic": page.page_id[-32:],
        }
        reply = await exchange(
            self._client, "POST", str(endpoint), read_body=False, content=sealed, headers=headers
        )
        if isinstance(reply, Attempt):
            return reply
        if reply.status in _ENDED:
            return Attempt(DeliveryOutcome.REFUSED, "the subscription is over")
        return outcome_of(reply.status)

    def _seal(self, subscription: dict[str, Any], data: bytes) -> bytes:
        sealed = self._library.WebPusher(subscription).encode(data, content_encoding="aes128gcm")
        body: bytes = sealed["body"]
        return body

    def _signature(self, endpoint: httpx2.URL) -> dict[str, str]:
        audience = f"{endpoint.scheme}://{endpoint.netloc.decode()}"
        now_s = int(self._clock.now().timestamp())
        claims = {"aud": audience, "sub": self._settings.contact, "exp": now_s + 12 * 3600}
        signed: dict[str, str] = self._vapid.sign(claims)
        return {name.lower(): value for name, value in signed.items()}
