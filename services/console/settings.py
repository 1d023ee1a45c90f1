"""Settings of the console."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator

from shared.contracts.fields import UnitId
from shared.runtime.settings import DatabaseSettings
from shared.runtime.webhook_keys import webhook_key_problem


class Settings(DatabaseSettings):
    """Environment variables, prefix FENGHUO_."""

    database_pool: Annotated[int, Field(ge=2, le=50)] = 10
    """Most connections this process opens; screens and consumer share them."""
    carrier_key: SecretStr | None = None
    """Key with which carriers sign receipts and replies (base64, standardwebhooks.com); not set = their
    doors are closed."""
    session_hours: Annotated[float, Field(gt=0, le=24)] = 12
    """How long a browser stays signed in at most: a shift."""
    session_idle_minutes: Annotated[float, Field(gt=0, le=1_440)] = 30
    """How long it stays signed in without a request or an open screen."""
    oidc_issuer: str | None = None
    """Address of the OIDC provider; with client id and secret it is a way in, without them there is none."""
    oidc_client_id: str | None = None
    """This console's name at the provider."""
    oidc_client_secret: SecretStr | None = None
    """Its secret there."""
    oidc_claim: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:./\-]{1,64}$")] = "sub"
    """Claim whose value is an account's `oidc_subject`; nobody gets an account by signing in."""
    console_url: str | None = None
    """Address people use; the provider sends them back there. Needed with oidc_issuer."""
    cookie_secure: bool = False
    """Send the session cookie over TLS only; set it wherever a proxy ends TLS in front of us."""
    stream_limit: Annotated[int, Field(ge=1, le=20_000)] = 2_000
    """Most live streams at once; further ones are refused with 503."""
    overview_share_s: Annotated[float, Field(ge=0, le=10)] = 1
    """So long one overview of a place is given to all who may look at it; 0 = each has one made anew."""
    act_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5
    """How long an act may wait for Kafka before the officer is told to try again."""
    keep_feed_hours: Annotated[float, Field(gt=0)] = 72
    """How long lines of the feed are kept."""
    keep_acts_days: Annotated[float, Field(gt=0)] = 90
    """How long a repeat of an act is recognised by the console itself."""
    keep_commands_days: Annotated[int, Field(ge=30, le=36_500)] = 400
    """How long commands that are over can be looked up on the screens."""

    refusals_unit: UnitId = "500000000000"
    """The unit in whose name refusals of strangers are recorded."""
    photos_per_day: Annotated[int, Field(ge=0, le=10_000)] = 100
    """How many photos one officer may send in 24 hours; 0 = none."""

    @field_validator(
        "carrier_key",
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
    def _a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (problem := webhook_key_problem(value.get_secret_value())):
            raise ValueError(problem)
        return value

    @model_validator(mode="after")
    def _provider_whole(self) -> Settings:
        given = (self.oidc_client_id, self.oidc_client_secret, self.console_url)
        if self.oidc_issuer is None:
            return self
        if None in given:
            raise ValueError("oidc_issuer needs oidc_client_id, oidc_client_secret and console_url")
        return self
