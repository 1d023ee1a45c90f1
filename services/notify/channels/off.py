"""Channels that are switched off: queued pages of such a channel fail with this reason."""

from __future__ import annotations

from services.notify.channels.port import Attempt, DeliveryOutcome
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page


class SwitchedOff:
    """Refuses every page at once, so that the officer's other channels are used."""

    channel = Channel.OTHER

    async def deliver(
        self,
        page: Page,
        address: str | None,
        *,
        resend: bool,
        language: Language = Language.ZH,
    ) -> Attempt:
        """Return REFUSED."""
        return Attempt(DeliveryOutcome.REFUSED, f"the channel {page.channel} is switched off")

    async def close(self) -> None:
        """Do nothing; there is no connection."""
