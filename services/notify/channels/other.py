"""All other carriers, through apprise: an optional package that is not installed by default.

apprise returns True or False, without a receipt. False has many causes, so it counts as unknown.
Each send has a new object, since one object pauses between two sends.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any, Literal

from services.notify.channels.http import LONGEST_S
from services.notify.channels.port import (
    DELIVERED,
    Attempt,
    ChannelSettings,
    DeliveryOutcome,
    SecretSource,
    Sender,
    Tools,
)
from services.notify.channels.threads import Threads
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page
from shared.domain.bilingual import in_language
from shared.runtime.errors import SetupError


class OtherSettings(ChannelSettings):
    """`url` is an apprise address, with {address} in place of the officer's."""

    channel: Literal[Channel.OTHER]
    url: SecretSource

    def sender(self, tools: Tools) -> Sender:
        """Return the channel; raises SetupError without apprise, or for an unknown address."""
        try:
            apprise = import_module("apprise")
        except ImportError:
            raise SetupError(
                "The channel other needs the package apprise: install it or switch it off."
            ) from None
        url = self.url.read(tools.environ).get_secret_value()
        if apprise.Apprise.instantiate(url.replace("{address}", "0")) is None:
            raise SetupError("The address of the channel other is none that apprise knows.")
        return OtherCarrier(url, tools, apprise)


class OtherCarrier:
    """One apprise address."""

    channel = Channel.OTHER

    def __init__(self, url: str, tools: Tools, apprise: Any) -> None:
        self._url = url
        self._message = tools.message
        self._apprise = apprise
        self._threads = Threads(self.channel)

    async def close(self) -> None:
        """End the threads; connections end with each attempt."""
        self._threads.close()

    async def deliver(
        self,
        page: Page,
        address: str | None,
        *,
        resend: bool,
        language: Language = Language.ZH,
    ) -> Attempt:
        """Make one attempt. The address is percent-encoded: it is data, not part of the URL."""
        if "{address}" in self._url and not address:
            return Attempt(DeliveryOutcome.REFUSED, "no address")
        quoted = self._apprise.NotifyBase.quote(address or "", safe="")
        url = self._url.replace("{address}", quoted)
        text = self._message(page, language, self.channel, resend=resend)
        try:
            async with asyncio.timeout(LONGEST_S):
                accepted = await self._threads.run(
                    self._notify, url, in_language(page.headline, language), text
                )
        except TimeoutError:
            return Attempt(DeliveryOutcome.UNKNOWN, "TimeoutError")
        return DELIVERED if accepted else Attempt(DeliveryOutcome.UNKNOWN, "apprise says no")

    def _notify(self, url: str, title: str, text: str) -> bool:
        sender = self._apprise.Apprise()
        return bool(sender.add(url) and sender.notify(body=text, title=title))
