"""Everything else, through apprise: an option that the system does not install by itself.

apprise says yes or no, without a receipt. A fresh object per send, since one object pauses between two
sends; its `no` may mean anything, so it counts as unknown.
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
    Outcome,
    SecretSource,
    Sender,
    Tools,
)
from services.notify.channels.threads import Threads
from services.notify.core.letters import message
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page
from shared.domain.bilingual import said
from shared.runtime.errors import SetupError


class OtherSettings(ChannelSettings):
    """`url`: an apprise address; {address} in it stands for the officer's."""

    channel: Literal[Channel.OTHER]
    url: SecretSource

    def sender(self, tools: Tools) -> Sender:
        """The adapter; raises SetupError when apprise is not installed or does not know the address."""
        try:
            apprise = import_module("apprise")
        except ImportError:
            raise SetupError(
                "The channel other needs the package apprise: install it or switch it off."
            ) from None
        url = self.url.read(tools.environ).get_secret_value()
        if apprise.Apprise.instantiate(url.replace("{address}", "0")) is None:
            raise SetupError("The address of the channel other is none that apprise knows.")
        return Other(url, tools, apprise)


class Other:
    """One apprise address."""

    channel = Channel.OTHER

    def __init__(self, url: str, tools: Tools, apprise: Any) -> None:
        self._url = url
        self._link = tools.link
        self._apprise = apprise
        self._threads = Threads(self.channel)

    async def close(self) -> None:
        """End the threads; no connection is kept open."""
        self._threads.close()

    async def deliver(
        self,
        page: Page,
        address: str | None,
        *,
        resend: bool,
        language: Language = Language.ZH,
    ) -> Attempt:
        """One attempt. The address is put in percent-encoded: it is data, not part of the URL."""
        if "{address}" in self._url and not address:
            return Attempt(Outcome.REFUSED, "no address")
        quoted = self._apprise.NotifyBase.quote(address or "", safe="")
        url = self._url.replace("{address}", quoted)
        text = message(page, language, resend=resend, link=self._link)
        try:
            async with asyncio.timeout(LONGEST_S):
                done = await self._threads.run(
                    self._notify, url, said(page.headline, language), text
                )
        except TimeoutError:
            return Attempt(Outcome.UNKNOWN, "TimeoutError")
        return DELIVERED if done else Attempt(Outcome.UNKNOWN, "apprise says no")

    def _notify(self, url: str, title: str, text: str) -> bool:
        sender = self._apprise.Apprise()
        return bool(sender.add(url) and sender.notify(body=text, title=title))
