"""Settings of ingest."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read from environment variables with the prefix FENGHUO_."""

    publish_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """The time in seconds after which an unconfirmed request is answered 503: send it again."""
    body_timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    """The time in seconds within which a sender must send a body."""
    tick_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    """The interval in seconds between two ticks on every partition of the readings. Scoring decides
    at the next tick what falls due between two ticks, so the interval plus the transport time must
    be less than a second."""
    volume_mark: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """The free part of a volume of Kafka below which readings are answered 507. Reports and
    warnings are still taken, and people's acts have the rest of the volume."""
    event_clock: Literal["wall", "readings"] = "wall"
    """The time of the ticks: the present by Kafka's time, or the newest accepted event time (for
    replays)."""
    event_clock_source: str = ""
    """The id of the source that plays a replay. Its readings alone move the clock of the ticks, and
    readings of another source may not be later than that clock. If empty, all sources move it."""
