"""Settings of audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from shared.contracts.fields import UnitId
from shared.runtime.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """Read from environment variables with the prefix FENGHUO_."""

    audit_unit: UnitId | None = None
    """The unit in whose name findings are entered in the trail; its duty officers are called.
    Unset: the topmost unit of the catalogue."""
    audit_every_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """Seconds from one round to the next. A longer time delays all findings in proportion."""
    audit_count_share: Annotated[int, Field(ge=0, le=10_000)] = 40
    """Counting whole tables takes at most one part in this many of the time; 0 is no limit."""
    audit_watched: Annotated[
        str, Field(pattern=r"^([a-z0-9\-]+=https?://[^,\s]+(,[a-z0-9\-]+=https?://[^,\s]+)*)?$")
    ] = ""
    """The services whose `/readyz` is asked, `name=url[,name=url]`. Empty: none."""
    audit_disks: str = ""
    """Folders, separated by `:`, whose disks must have free space: those of Kafka and Postgres."""
    audit_disk_free_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """A disk with a smaller free share than this is a fault."""
    audit_door_token: SecretStr | None = None
    """Bearer token with which Alertmanager posts to `/alertmanager`. Unset: the door is closed."""
    audit_out_of_band_url: SecretStr | None = None
    """Where faults of components are posted as JSON, by neither Kafka nor Postgres nor notify."""
    audit_out_of_band_token: SecretStr | None = None
    """Bearer token of that address."""
    audit_heartbeat_url: SecretStr | None = None
    """The address of a dead-man's switch: it is posted to while the chain is whole, and never
    otherwise. Its receiver calls a person when no heartbeat arrives. Unset: off."""
    audit_heartbeat_every_s: Annotated[float, Field(gt=0, le=300)] = 15.0
    """Seconds from one heartbeat to the next."""
    audit_heartbeat_token: SecretStr | None = None
    """Bearer token sent with a heartbeat."""
    audit_expected: Annotated[str, Field(pattern=r"^([A-Za-z0-9_\-]+(,[A-Za-z0-9_\-]+)*)?$")] = ""
    """The senders, separated by `,`, whose heartbeats arrive: the auditors of the tiers below."""
    audit_expected_token: SecretStr | None = None
    """Bearer token with which they post to `/heartbeats?from=SENDER`. Unset: the door is closed."""
    audit_canary_units: Annotated[str, Field(pattern=r"^([0-9]{12}(,[0-9]{12})*)?$")] = ""
    """The units, separated by `,`, at which the canary makes round trips. Empty: no canary."""
    audit_canary_url: Annotated[str, Field(pattern=r"^(https?://[^,\s]+)?$")] = ""
    """The address of ingest, for the canary's readings."""
    audit_canary_token: SecretStr | None = None
    """Bearer token of the canary as a source of ingest."""
    audit_canary_every_s: Annotated[float, Field(ge=5, le=300)] = 15.0
    """Seconds from one round trip to the next; three missed ones are a finding."""
    keep_days: Annotated[int, Field(ge=30, le=36_500)] = 400
    """Days for which resolved findings and the counts of a command or alert stay."""

    @field_validator("audit_unit", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _canary_is_whole(self) -> Self:
        if self.audit_canary_units and not (self.audit_canary_url and self.audit_canary_token):
            raise ValueError("FENGHUO_AUDIT_CANARY_UNITS needs _CANARY_URL and _CANARY_TOKEN")
        return self

    def canary_units(self) -> list[str]:
        """Return the units at which the canary makes round trips."""
        return [unit for unit in self.audit_canary_units.split(",") if unit]

    def watched(self) -> dict[str, str]:
        """Return the URLs of the watched services by name."""
        return dict(item.split("=", 1) for item in self.audit_watched.split(",") if item)

    def expected(self) -> list[str]:
        """Return the senders whose heartbeats arrive."""
        return [name for name in self.audit_expected.split(",") if name]

    def disks(self) -> list[Path]:
        """Return the folders whose disks are watched."""
        return [Path(name) for name in self.audit_disks.split(":") if name]
