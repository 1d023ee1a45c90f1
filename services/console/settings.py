"""Settings of the console."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator

from shared.contracts.duty import ZoneName
from shared.contracts.fields import Line, UnitId
from shared.domain.local_time import ZONE
from shared.runtime.day_calendars import CalendarSettings
from shared.runtime.push_key import PushKey
from shared.runtime.webhook_keys import webhook_key_problem


class Settings(CalendarSettings):
    """Environment variables, prefix FENGHUO_."""

    database_pool: Annotated[int, Field(ge=2, le=50)] = 10
    """Most connections of this process; screens and projector share them."""
    office: Line | None = None
    """Name of the office, `中文 ‖ English`, for the page on which people sign in."""
    home_unit: UnitId | None = None
    """Unit of the office: people who sign in read the name of their place."""
    carrier_key: SecretStr | None = None
    """Key with which carriers sign receipts and replies (base64, standardwebhooks.com).
    Without it these endpoints are closed."""
    web_push_key: SecretStr | None = None
    """Private key of web push (base64url, 32 bytes), the same as notify's; not set = off."""
    session_hours: Annotated[float, Field(gt=0, le=24)] = 12
    """Longest time that a browser stays signed in: a shift."""
    session_idle_minutes: Annotated[float, Field(gt=0, le=1_440)] = 30
    """Longest time that a browser stays signed in without a request or an open screen."""
    oidc_issuer: str | None = None
    """Address of the OIDC provider; with client id and secret, people can sign in through it."""
    oidc_client_id: str | None = None
    """Client id of this console at the provider."""
    oidc_client_secret: SecretStr | None = None
    """Client secret of this console at the provider."""
    oidc_claim: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:./\-]{1,64}$")] = "sub"
    """Claim that is compared with `oidc_subject` of an account; signing in creates no account."""
    console_url: str | None = None
    """Address that people use; the provider returns them there. Needed with oidc_issuer."""
    zone: ZoneName = ZONE
    """Time zone of the texts of pages that are shown before they are sent, the same as notify's."""
    cookie_secure: bool = False
    """Send the session cookie over TLS only; needed where a proxy terminates TLS."""
    stream_limit: Annotated[int, Field(ge=1, le=20_000)] = 2_000
    """Most live streams at once; further streams are refused with 503."""
    overview_share_s: Annotated[float, Field(ge=0, le=10)] = 1
    """Seconds for which one overview of a place answers all who may see it; 0 = not shared."""
    act_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5
    """Seconds that an act may wait for Kafka before the officer has to try again."""
    keep_feed_hours: Annotated[float, Field(gt=0)] = 72
    """Hours for which events of the feed are kept."""
    keep_acts_days: Annotated[float, Field(gt=0)] = 90
    """Days for which the console itself recognises a repeated act."""
    keep_commands_days: Annotated[int, Field(ge=30, le=36_500)] = 400
    """Days for which finished commands, alerts, pages and reports can be found on the screens."""

    history_every_s: Annotated[float, Field(gt=0, le=3_600)] = 10
    """Seconds between two readings of new values for the history of sensors; those with an alarm
    are stored at once, all others every ten minutes."""
    photos_per_day: Annotated[int, Field(ge=0, le=10_000)] = 100
    """Most photos of one officer in 24 hours; 0 = no photos."""

    @field_validator(
        "office",
        "home_unit",
        "carrier_key",
        "web_push_key",
        "oidc_issuer",
        "oidc_client_id",
        "oidc_client_secret",
        "console_url",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("carrier_key")
    @classmethod
    def _valid_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (problem := webhook_key_problem(value.get_secret_value())):
            raise ValueError(problem)
        return value

    @field_validator("web_push_key")
    @classmethod
    def _push_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            PushKey(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _provider_is_complete(self) -> Settings:
        companions = (self.oidc_client_id, self.oidc_client_secret, self.console_url)
        if self.oidc_issuer is None:
            return self
        if None in companions:
            raise ValueError("oidc_issuer needs oidc_client_id, oidc_client_secret and console_url")
        return self
