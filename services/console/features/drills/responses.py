"""Models of the responses with drills."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.console.web.response_models import RecordedAction, ResponseModel
from shared.contracts.fields import Level, Tier


class RecordedDrill(RecordedAction):
    """Kafka has the report that opens the drill."""

    incident_id: str


class RecordedReading(RecordedAction):
    """Kafka has the test reading."""

    sensor_id: str


class CourseStep(ResponseModel):
    """A step of a test alarm; `at` is null while it is still to come."""

    step: Literal["reading", "alarm", "alert", "issued", "command", "signed", "last_signed"]
    at: datetime | None


class TierSignatures(ResponseModel):
    """The assignments of a tier, and how many are signed."""

    tier: Tier
    total: int
    signed: int


class DrillCourse(ResponseModel):
    """The steps of a test alarm, and its signatures by tier."""

    reading_id: str
    sensor_id: str
    sensor_name: str
    value: float
    unit: str
    level: Level | None
    alert_id: str | None
    alert_state: str | None
    command_id: str | None
    steps: list[CourseStep]
    tiers: list[TierSignatures]
    complete: bool
