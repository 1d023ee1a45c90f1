"""Channels that are switched off: what still waits for one of them fails with that reason."""

from __future__ import annotations

from services.notify.channels.port import Attempt, Outcome
from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page


class Off:
    """Refuses everything at once, so that the officer's other channels are all there is."""

    channel = Channel.OTHER

    async def deliver(
        self,
        page: Page,
        address: str | None,
        *,
        resend: bool,
        language: Language = Language.ZH,
    ) -> Attempt:
        """REFUSED."""
        return Attempt(Outcome.REFUSED, f"the channel {page.channel} is switched off")

    async def close(self) -> None:
        """Nothing is kept open."""
