"""Settings from the environment (prefix FENGHUO_): frozen, validated, no default secret."""

from __future__ import annotations

import os
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from shared.runtime.errors import SetupError

_PREFIX = "FENGHUO_"
_KAFKA = f"{_PREFIX}KAFKA_"


class ServiceSettings(BaseModel):
    """The settings of every service.

    Each setting is one text, so pydantic alone reads them: a library for settings would bring
    parsers of files and command lines along, 4 MiB a process.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", validate_default=True, use_attribute_docstrings=True
    )

    kafka_bootstrap: Annotated[str, Field(pattern=r"^[^:\s]+:\d+(,[^:\s]+:\d+)*$")]
    """Addresses of the brokers, `host:port[,host:port]`."""
    http_host: str = "127.0.0.1"
    """Address to listen on; the default is reachable from this machine only."""
    http_port: Annotated[int, Field(ge=1, le=65_535)]
    """Port of health, metrics, documents and, where the service has one, its API."""
    group_instance_id: str | None = None
    """Stable name of this process in its consumer group; a restart then keeps its partitions."""
    log_level: str = "INFO"
    """Least level that is written."""
    start_patience_s: Annotated[float, Field(ge=1, le=3_600)] = 60
    """How long to wait for Kafka and Postgres at start before giving up with one sentence."""
    broker_name: str = "apache-kafka"
    """What the broker is; a stand-in names itself here and shows in /healthz and the console."""


class DatabaseSettings(ServiceSettings):
    """The settings of a service with state in Postgres."""

    database_url: SecretStr
    """DSN of this service's own role; its schema has the service's name."""
    database_pool: Annotated[int, Field(ge=2, le=50)] = 6
    """Most connections this process opens."""


S = TypeVar("S", bound=ServiceSettings)


def load(settings_type: type[S]) -> S:
    """Return settings from the environment; raises SetupError with each wrong variable.

    The error names variables and never a value.
    """
    texts = {
        name: text
        for name in settings_type.model_fields
        if (text := os.environ.get(f"{_PREFIX}{name.upper()}")) is not None
    }
    try:
        return settings_type.model_validate(texts)
    except ValidationError as error:
        wrong = "; ".join(
            f"{_PREFIX}{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise SetupError(f"The settings are wrong, set these variables: {wrong}.") from None


def unknown_kafka_settings() -> list[str]:
    """Return the names of variables that look like settings of Kafka and have no effect."""
    settings = {f"{_PREFIX}{name.upper()}" for name in ServiceSettings.model_fields}
    return sorted(name for name in os.environ if name.startswith(_KAFKA) and name not in settings)
