"""The messages that follow from the log, collected for the alarm publisher."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.contracts.alarms import AlarmEvent
from shared.contracts.readings import SensorHealth


@dataclass(frozen=True, slots=True)
class ShadowDiffers:
    """A candidate rule has begun or ceased to differ from the live rule at a sensor.

    `by` is the candidate's level minus the live rule's level, in ranks; 0 means agreement.
    """

    rule_id: str
    live_rule_id: str
    sensor_id: str
    at: float
    by: int


Emitted = AlarmEvent | SensorHealth | ShadowDiffers


_UNSET = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Emitter:
    """Collects `messages`; `now` stamps them as their `sent_at` and decides nothing."""

    messages: list[Emitted] = field(default_factory=list)
    now: datetime = _UNSET
