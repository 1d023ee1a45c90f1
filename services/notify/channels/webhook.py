"""A signed webhook (standardwebhooks.com): one POST per attempt, no redirects, bounded in time.

`webhook-id` is the page id in every attempt, so the receiver can drop a repeat.
"""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from services.notify.channels.http import client, exchange, outcome_of
from services.notify.channels.port import (
    Attempt,
    ChannelSettings,
    SecretSource,
    Sender,
    Tools,
    Url,
)
from services.notify.channels.signing import PageSigner
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page
from shared.domain.bilingual import in_language
from shared.domain.page_texts import marks
from shared.domain.page_texts.messages import public_headline

_FIELDS = frozenset(
    {
        "page_id", "status", "subject_kind", "subject_id", "alert_id", "command_id",
        "assignment_id", "officer_id", "unit", "post", "round", "rung", "level", "headline",
        "occurred_at", "answer_by",
    }
)  # fmt: skip


_PUBLIC = frozenset(
    {"page_id", "status", "subject_kind", "unit", "level", "headline", "occurred_at"}
)
"""The fields for a loudspeaker or a screen."""


class WebhookSettings(ChannelSettings):
    """The address of a webhook. `secret` is base64, with or without the prefix `whsec_`.

    Loudspeakers 村村响 and screens of a unit are webhooks under a channel of their own, so that an
    integrator can send them elsewhere. They get only the headline, and of a graded order not even
    the headline: the public does not read who was called earlier.
    """

    channel: Literal[Channel.WEBHOOK, Channel.LOUDSPEAKER, Channel.SCREEN]
    url: Url
    secret: SecretSource

    def sender(self, tools: Tools) -> Sender:
        """Return the webhook; raises SetupError for a secret that is no key."""
        return Webhook(self.url, self.secret.read(tools.environ), tools, self.channel)


class Webhook:
    """Delivers pages to one address, in the name of one channel."""

    def __init__(
        self, url: str, secret: SecretStr, tools: Tools, channel: Channel = Channel.WEBHOOK
    ) -> None:
        self.channel = channel
        self._url = url
        self._clock = tools.clock
        self._client = client(tools.timeout_s)
        self._signer = PageSigner(secret, channel)

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
        """Make one attempt; the receiver has its own addresses."""
        device = self.channel is not Channel.WEBHOOK
        fields = _PUBLIC if device else _FIELDS
        data = page.model_dump(mode="json", include=set(fields), exclude_none=True)
        text = in_language(marks.resent(page.text) if resend else page.text, language)
        data["headline"] = in_language(page.headline, language)
        if device:
            data["headline"] = text = public_headline(page, language)
        request = self._signer.request(
            "duty.page" if self.channel is Channel.WEBHOOK else f"duty.{self.channel}",
            page.page_id,
            self._clock.now(),
            {**data, "text": text, "resend": resend},
        )
        reply = await exchange(self._client, "POST", self._url, read_body=False, **request)
        return reply if isinstance(reply, Attempt) else outcome_of(reply.status)
