"""What every channel is to the delivery loop, and what an attempt can come to.

What the loop needs to know is not whether a request failed but whether the person may have been
reached: an unknown outcome is tried again with a mark, so that nobody takes a repeat for a new page.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from shared.contracts.fields import Language
from shared.contracts.pages import Channel, Page
from shared.runtime.clock import Clock
from shared.runtime.errors import SetupError

AT_ONCE = 64
"""Attempts of one channel that may be under way at once. All its delivery loops fit in, those for red
alone too: else a carrier that is stuck with blue pages would take the place of the red ones."""
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s]*)?$", max_length=500)]


class Outcome(StrEnum):
    """What one attempt achieved: taken by the carrier, refused for good, certainly not sent, or
    unknown."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class Attempt(NamedTuple):
    """The outcome and, unless delivered, a short reason without secrets."""

    outcome: Outcome
    reason: str | None = None


DELIVERED = Attempt(Outcome.DELIVERED)


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
        """One attempt, bounded in time; never raises for what the carrier does."""

    async def close(self) -> None:
        """Close the connections."""


class Tools(NamedTuple):
    """What a channel may need besides its own settings. `link` is the console's public address."""

    clock: Clock
    link: str | None = None
    environ: Mapping[str, str] = os.environ
    timeout_s: float = 5.0


class ChannelSettings(BaseModel):
    """Base of what stands in the channels file: nothing unknown in it, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SecretSource(BaseModel):
    """Where a secret comes from: never the channels file itself."""

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
        """The secret; raises SetupError when there is none."""
        if self.env is not None:
            result = environ.get(self.env, "")
            where = f"the variable {self.env}"
        else:
            assert self.file is not None, "one of both is given"
            where = f"the file {self.file}"
            try:
                result = self.file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                result = ""
        if not result:
            raise SetupError(f"A channel's secret is missing: {where} is empty or unreadable.")
        return SecretStr(result)
