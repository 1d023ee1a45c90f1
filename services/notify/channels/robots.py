"""The common part of the group robots of DingTalk, WeCom and Feishu: a text, a JSON verdict."""

from __future__ import annotations

import base64
import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from services.notify.channels.http import client, exchange, field, outcome_of
from services.notify.channels.port import (
    DELIVERED,
    Attempt,
    ChannelSettings,
    DeliveryOutcome,
    SecretSource,
    Tools,
    Url,
)
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page


class RobotSettings(ChannelSettings):
    """The settings of a robot.

    `base_url` may name a government-hosted variant, `token` is the robot's key, `secret` signs.
    """

    base_url: Url
    token: SecretSource
    secret: SecretSource | None = None


class Robot(ABC):
    """One group robot. The carriers differ only in path, body, signature and codes."""

    channel: Channel
    code_field: str
    busy: frozenset[int]
    """Codes for a page that was not accepted and may be sent again (rate limits)."""
    unsure = frozenset({-1})
    """Codes of a fault inside the carrier: the page may have been sent."""

    def __init__(self, settings: RobotSettings, tools: Tools) -> None:
        self._base = settings.base_url.rstrip("/")
        self._token = settings.token.read(tools.environ).get_secret_value()
        secret = settings.secret.read(tools.environ) if settings.secret is not None else None
        self._secret = secret.get_secret_value() if secret is not None else None
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
        """Send one message to the robot's group; it names the officer where `address` is known."""
        text = self._message(page, language, self.channel, resend=resend)
        path, params, body = self.request(text, address, self._clock.now().timestamp())
        reply = await exchange(
            self._client, "POST", f"{self._base}{path}", params=params, json=body
        )
        if isinstance(reply, Attempt):
            return reply
        attempt = outcome_of(reply.status)
        accepted = attempt.outcome is DeliveryOutcome.DELIVERED
        return self._verdict(reply.body) if accepted else attempt

    @abstractmethod
    def request(
        self, text: str, address: str | None, now_s: float
    ) -> tuple[str, Mapping[str, str], Mapping[str, Any]]:
        """Return path, query and body of one message; `now_s` is Unix time in seconds."""

    def _verdict(self, body: bytes) -> Attempt:
        code = field(body, self.code_field)
        if isinstance(code, bool) or not isinstance(code, int):
            return Attempt(DeliveryOutcome.UNKNOWN, f"no {self.code_field} in the answer")
        if code == 0:
            return DELIVERED
        if code in self.unsure:
            return Attempt(DeliveryOutcome.UNKNOWN, f"{self.code_field} {code}")
        outcome = DeliveryOutcome.NOT_SENT if code in self.busy else DeliveryOutcome.REFUSED
        return Attempt(outcome, f"{self.code_field} {code}")


def signature(key: str, text: str) -> str:
    """Return the base64 of HMAC-SHA256."""
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()
