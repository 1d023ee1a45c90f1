"""Values of the demo's sensors in event time. This module does not use HTTP or Kafka."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.contracts.fields import Status


class Route(StrEnum):
    """A route of readings into the system."""

    HTTP = "http"
    KAFKA = "kafka"
    """Straight to the topic, as an integrator's gateway would."""


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """One reading to come.

    `event_id` is the source's own key; `part` names the strand, "" for none.
    """

    at: datetime
    event_id: str
    sensor_id: str
    value: float
    status: Status = Status.ACTUAL
    synthetic: bool = True
    route: Route = Route.HTTP
    part: str = ""
