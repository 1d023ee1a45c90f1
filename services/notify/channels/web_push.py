"""Web push (RFC 8030, 8291, 8292) to the browsers that officers have registered on the console.

The push services of browsers are rarely reachable from mainland China.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from datetime import datetime, timedelta

import http_ece  # type: ignore[import-untyped]
import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic_core import to_json

from services.notify.channels.http import client, exchange, outcome_of
from services.notify.channels.port import Attempt, DeliveryOutcome, Tools
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page
from shared.contracts.push_devices import PushDevice, PushSubscription
from shared.domain.page_texts.notifications import notification
from shared.domain.roster.post_holders import Roster
from shared.runtime.push_key import AnswerTicket, PushKey

_ENDED = (httpx2.codes.NOT_FOUND, httpx2.codes.GONE)
_LIFE_S = 600
_TICKET_LIFE = timedelta(hours=12)
"""A page is answered within a shift."""
_AUTHORIZATION_LIFE = timedelta(hours=12)
_BY_WORTH = (
    DeliveryOutcome.DELIVERED,
    DeliveryOutcome.UNKNOWN,
    DeliveryOutcome.NOT_SENT,
    DeliveryOutcome.REFUSED,
)
"""The outcome of a page is the first of these that a browser of the officer had."""


class WebPush:
    """Encrypts a page for each browser of the officer and posts it to the push services.

    `contact` is the mailto: or https: address of the operator. `hosts` are the push services that a
    subscription may name; a name that begins with a dot holds for all hosts below. Every other
    address is refused, since a subscription could otherwise make the service call any server.
    """

    channel = Channel.WEB_PUSH

    def __init__(
        self,
        key: PushKey,
        contact: str,
        hosts: tuple[str, ...],
        roster: Roster,
        tools: Tools,
    ) -> None:
        self._key = key
        self._contact = contact
        self._hosts = hosts
        self._roster = roster
        self._zone = tools.zone
        self._clock = tools.clock
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
        """Make one attempt for each browser; a browser whose subscription is over has ended."""
        now = self._clock.now()
        expires_s = int((now + _TICKET_LIFE).timestamp())
        ticket = self._key.ticket(AnswerTicket(page.page_id, page.officer_id), expires_s)
        words = notification(page, language, self._zone, now, resend=resend)
        content = to_json({**words, "ticket": ticket})
        devices = self._roster.devices(page.officer_id)
        attempts = await asyncio.gather(
            *(self._push(device, page.page_id, content, now) for device in devices)
        )
        ended = tuple(device for attempt in attempts for device in attempt.ended)
        if not attempts:
            return Attempt(DeliveryOutcome.REFUSED, "no browser is registered")
        best = min(attempts, key=lambda attempt: _BY_WORTH.index(attempt.outcome))
        return Attempt(best.outcome, best.reason, ended)

    async def _push(
        self, device: PushDevice, page_id: str, content: bytes, now: datetime
    ) -> Attempt:
        subscription = device.subscription
        if subscription is None:
            return Attempt(DeliveryOutcome.REFUSED, "the subscription is over")
        endpoint = httpx2.URL(subscription.endpoint)
        if not self._allows(endpoint.host):
            return Attempt(
                DeliveryOutcome.REFUSED, "the push service is not among the allowed hosts"
            )
        try:
            sealed = _sealed(content, subscription)
        except (ValueError, binascii.Error, http_ece.ECEException):
            return Attempt(DeliveryOutcome.REFUSED, "no push subscription")
        service = f"{endpoint.scheme}://{endpoint.netloc.decode()}"
        expires_s = int((now + _AUTHORIZATION_LIFE).timestamp())
        headers = {
            "authorization": self._key.authorization(service, self._contact, expires_s),
            "content-encoding": "aes128gcm",
            "ttl": str(_LIFE_S),
            "urgency": "high",
            # One topic per page: a repeat replaces an earlier push in the queue (RFC 8030, 5.4).
            "topic": page_id[-32:],
        }
        reply = await exchange(
            self._client, "POST", str(endpoint), read_body=False, content=sealed, headers=headers
        )
        if isinstance(reply, Attempt):
            return reply
        if reply.status in _ENDED:
            return Attempt(DeliveryOutcome.REFUSED, "the subscription is over", (device,))
        return outcome_of(reply.status)

    def _allows(self, host: str) -> bool:
        return any(
            host.endswith(name) if name.startswith(".") else host == name for name in self._hosts
        )


def _sealed(content: bytes, subscription: PushSubscription) -> bytes:
    """Return the content as only this browser can read it; raises ValueError for wrong keys."""
    sealed: bytes = http_ece.encrypt(
        content,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_raw(subscription.p256dh),
        auth_secret=_raw(subscription.auth),
        version="aes128gcm",
    )
    return sealed


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
