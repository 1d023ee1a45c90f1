"""The port of all channels, and the outcomes of an attempt.

The delivery loop has to know if the officer may have been reached, which is more than a failed
request says. After an unknown outcome the page is sent again with a mark, so that no officer takes
the repeat for a new page.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page
from shared.contracts.push_devices import PushDevice
from shared.domain.page_texts.messages import message
from shared.domain.page_texts.names import BEIJING
from shared.runtime.clock import Clock
from shared.runtime.errors import SetupError

ORDINARY_ATTEMPTS = 40
"""The most attempts of one channel at once."""
RESERVED_ATTEMPTS = 10
"""So many attempts more are reserved for red pages and recalls: a carrier that is stuck with blue
pages does not block the red ones.
"""
MAX_ATTEMPTS_AT_ONCE = ORDINARY_ATTEMPTS + RESERVED_ATTEMPTS
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s]*)?$", max_length=500)]


class DeliveryOutcome(StrEnum):
    """The outcome of an attempt.

    The carrier accepted the page, or refused it for good; it was certainly not sent; or unknown.
    """

    DELIVERED = "delivered"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class Attempt(NamedTuple):
    """The outcome of an attempt and, unless delivered, a short reason without secrets.

    `ended` are browsers of the officer whose push service has ended them.
    """

    outcome: DeliveryOutcome
    reason: str | None = None
    ended: tuple[PushDevice, ...] = ()


DELIVERED = Attempt(DeliveryOutcome.DELIVERED)


class Sender(Protocol):
    """One channel. `page.page_id` is the carrier's idempotency key in every attempt."""

    channel: Channel

    async def deliver(
        self,
        page: Page,
        address: str | None,
        *,
        resend: bool,
        language: Language = Language.ZH,
    ) -> Attempt:
        """Make one attempt, bounded in time; never raises for any behaviour of the carrier."""

    async def close(self) -> None:
        """Close the connections."""


class Tools(NamedTuple):
    """The services that a channel gets beside its settings.

    `link` is the console's public address, `zone` the time zone of the texts.
    """

    clock: Clock
    link: str | None = None
    zone: ZoneInfo = BEIJING
    environ: Mapping[str, str] = os.environ
    timeout_s: float = 5.0

    def message(self, page: Page, language: Language, channel: Channel, *, resend: bool) -> str:
        """Return a page as one plain text that fits on the channel."""
        return message(
            page, language, resend=resend, link=self.link, zone=self.zone, channel=channel
        )


class ChannelSettings(BaseModel):
    """The base of the settings in the channels file: no unknown fields, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SecretSource(BaseModel):
    """The source of a secret: a variable or a file, never the channels file itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")] | None = None
    file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_plain_secret(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("name where the secret is: {env: NAME} or {file: PATH}")
        return value

    @model_validator(mode="after")
    def _one_source(self) -> SecretSource:
        if (self.env is None) == (self.file is None):
            raise ValueError("give either env or file")
        return self

    def read(self, environ: Mapping[str, str] = os.environ) -> SecretStr:
        """Return the secret; raises SetupError when there is none."""
        if self.env is not None:
            secret = environ.get(self.env, "")
            source = f"the variable {self.env}"
        else:
            assert self.file is not None, "exactly one source is set"
            source = f"the file {self.file}"
            try:
                secret = self.file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                secret = ""
        if not secret:
            raise SetupError(f"A channel's secret is missing: {source} is empty or unreadable.")
        return SecretStr(secret)
