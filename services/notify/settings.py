"""Settings of notify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from shared.contracts.duty import ZoneName
from shared.domain.local_time import ZONE
from shared.runtime.push_key import PushKey
from shared.runtime.settings import DatabaseSettings
from shared.runtime.webhook_keys import webhook_key_problem


class Settings(DatabaseSettings):
    """From the environment, prefix FENGHUO_."""

    keep_days: Annotated[int, Field(ge=30, le=36_500)] = 400
    """The days for which ended calls stay in the database; Kafka has its own retention."""
    sla_profile: Literal["standard", "demo"] = "standard"
    """The time for an answer before the next call: minutes, or 6 s for each call in a demo."""
    zone: ZoneName = ZONE
    """The time zone of the texts that are sent: a name of the IANA time zone database."""
    channels_file: Path | None = None
    """YAML list of the channels in use (docs/channels.md); not set = console and webhook if set."""
    calls_folder: Path | None = None
    """Folder of plans.yaml and tests.yaml: plans of calls and tests (docs/channels.md).

    The files are read again when one changes. Not set = the built-in waits, and communication tests
    only on request.
    """
    console_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=300)] | None = None
    """The console's public address, for links in texts; not set = no link."""
    webhook_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=500)] | None = None
    """The address that pages are posted to; not set = the webhook channel is off."""
    webhook_secret: SecretStr | None = None
    """Base64 key that signs posted pages (standard webhooks; the prefix whsec_ is allowed)."""
    web_push_key: SecretStr | None = None
    """Private key of web push (base64url, 32 bytes), the same as the console's; not set = off."""
    web_push_contact: (
        Annotated[str, Field(pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://[^\s]+)$", max_length=300)]
        | None
    ) = None
    """Address of the operator for push services (mailto: or https:); needed with web_push_key."""
    web_push_hosts: Annotated[tuple[str, ...], Field(min_length=1, max_length=32)] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "web.push.apple.com",
        ".notify.windows.com",
    )
    """The push services that a browser may name; a leading dot stands for every host below."""

    @field_validator(
        "webhook_url",
        "webhook_secret",
        "channels_file",
        "calls_folder",
        "console_url",
        "web_push_key",
        "web_push_contact",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("webhook_secret")
    @classmethod
    def _base64(cls, value: SecretStr | None) -> SecretStr | None:
        problem = webhook_key_problem(value.get_secret_value()) if value is not None else None
        if problem is not None:
            raise ValueError(problem)
        return value

    @field_validator("web_push_key")
    @classmethod
    def _push_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            PushKey(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _url_needs_secret(self) -> Settings:
        if self.webhook_url is not None and self.webhook_secret is None:
            raise ValueError("FENGHUO_WEBHOOK_URL needs FENGHUO_WEBHOOK_SECRET")
        return self

    @model_validator(mode="after")
    def _key_needs_contact(self) -> Settings:
        if self.web_push_key is not None and self.web_push_contact is None:
            raise ValueError("FENGHUO_WEB_PUSH_KEY needs FENGHUO_WEB_PUSH_CONTACT")
        return self
