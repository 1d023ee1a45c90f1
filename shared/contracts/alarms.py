"""Alarms 告警: what a rule found. Without legal standing; a person makes an alert of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    EventType,
    Finite,
    Identifier,
    Instant,
    Level,
    Line,
    Metric,
    RuleId,
    SensorId,
    UnitId,
    Version,
)
from shared.contracts.readings import Datum, UnitOfMeasure


class AlarmTransition(StrEnum):
    """Changes of an alarm that others can see."""

    RAISED = "raised"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    CLEARED = "cleared"


class Evidence(Contract):
    """Why: the reading and the limit that decided. Values are in `unit` above `datum`."""

    metric: Metric
    value: Finite
    unit: UnitOfMeasure
    datum: Datum | None = None
    limit: Finite
    window_s: Annotated[float, Field(ge=0)] = 0
    event_id: Identifier
    last_seen_at: Instant | None = None


class AlarmEvent(Envelope):
    """The `version`-th change of one alarm. `score` is 0 to 100, larger is graver."""

    type: Literal["alarm"] = "alarm"
    alarm_id: Identifier
    version: Version
    transition: AlarmTransition
    rule_id: RuleId
    rule_version: Version
    kind: Literal["threshold", "window", "absence"]
    sensor_id: SensorId
    place: UnitId
    event_type: EventType
    level: Level
    previous_level: Level | None = None
    score: Annotated[int, Field(ge=0, le=100)]
    evidence: Evidence
    headline: Line
    synthetic: bool = False
