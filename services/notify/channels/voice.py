"""A voice call through a carrier's gateway: one signed POST asks it to call and to speak.

The gateway (a carrier's API, or a bridge to SIP) dials, speaks `text` in `language`, and takes one
key. It tells the console the key by `POST /carriers/keys`, signed with the carrier's key. A number
that is busy or not in service at once is answered with a status and tried again; nobody picking up
later changes nothing: the ladder of the call goes on. The signature, the page id as the key against
a second dialling, and the bounds in time are those of a webhook.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from services.notify.channels.http import client, exchange, field, outcome_of
from services.notify.channels.port import (
    Attempt,
    ChannelSettings,
    DeliveryOutcome,
    SecretSource,
    Sender,
    Tools,
    Url,
)
from services.notify.channels.signing import PageSigner
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page
from shared.domain.page_texts.voice import spoken
from shared.domain.replies import KEYS, REPEAT_KEY

_BUSY = frozenset({"busy", "no_answer", "congestion", "unavailable"})
"""Words of the gateway's answer for a call that did not come about and may be tried again."""


class VoiceSettings(ChannelSettings):
    """The gateway that dials. `secret` is base64, with or without the prefix `whsec_`.

    `ring_s` is how long it lets the telephone ring; `caller` is the number that is shown.
    """

    channel: Literal[Channel.VOICE]
    url: Url
    secret: SecretSource
    caller: Annotated[str, Field(pattern=r"^\+?[0-9]{3,20}$")] | None = None
    ring_s: Annotated[int, Field(ge=5, le=120)] = 30

    def sender(self, tools: Tools) -> Sender:
        """Return the channel; raises SetupError for a secret that is no key."""
        return Voice(self, self.secret.read(tools.environ), tools)


class Voice:
    """Asks the gateway for one call per attempt."""

    channel = Channel.VOICE

    def __init__(self, settings: VoiceSettings, secret: SecretStr, tools: Tools) -> None:
        self._settings = settings
        self._clock = tools.clock
        self._zone: ZoneInfo = tools.zone
        self._client = client(tools.timeout_s)
        self._signer = PageSigner(secret, self.channel)

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
        """Make one attempt; REFUSED when the roster has no number."""
        if not address:
            return Attempt(DeliveryOutcome.REFUSED, "no phone number")
        request = self._signer.request(
            "duty.voice",
            page.page_id,
            self._clock.now(),
            {
                "page_id": page.page_id,
                "to": address,
                "caller": self._settings.caller,
                "ring_s": self._settings.ring_s,
                "language": language,
                "text": spoken(page, language, self._zone, resend=resend),
                "keys": [*KEYS, REPEAT_KEY],
                "resend": resend,
            },
        )
        reply = await exchange(self._client, "POST", self._settings.url, **request)
        if isinstance(reply, Attempt):
            return reply
        outcome = field(reply.body, "outcome")
        if isinstance(outcome, str) and outcome in _BUSY:
            return Attempt(DeliveryOutcome.NOT_SENT, outcome)
        return outcome_of(reply.status)
