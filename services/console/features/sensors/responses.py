"""Models of the responses with sensors and their readings."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.console.features.alerts.responses import AlarmView
from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Level, Status
from shared.contracts.readings import SensorState


class UnwellSensor(ResponseModel):
    """A sensor that is silent or faulty."""

    contract = "SensorHealth"

    sensor_id: str
    name: str
    unit: str
    unit_name: str
    state: SensorState
    last_seen_at: datetime | None
    detail: str | None
    sent_at: datetime


class UnwellSensorList(ResponseModel):
    """Sensors of the subtree of the officer that are silent or faulty."""

    sensors: list[UnwellSensor]
    next: str | None
    total: int


class CataloguedSensor(ResponseModel):
    """A sensor of the catalogue."""

    contract = "SensorEntry"

    sensor_id: str
    name: str
    place: str
    place_name: str
    metric: str
    unit: str
    datum: str | None
    synthetic: bool
    state: SensorState | None


class SensorList(ResponseModel):
    """Sensors of the subtree, by identifier."""

    sensors: list[CataloguedSensor]
    next: str | None
    total: int


class ReadingPoint(ResponseModel):
    """A reading of the chart."""

    at: datetime
    value: float


class RuleLevel(ResponseModel):
    """A level of a rule that applies to the sensor."""

    contract = "Rung"

    rule_id: str
    name_zh: str
    name_en: str
    level: Level
    raise_at: float
    clear_at: float
    direction: Literal["above", "below"]
    source: str


class SensorReadings(ResponseModel):
    """The readings of a sensor, the levels of its rules, and its alarms."""

    contract = "SensorEntry"

    sensor_id: str
    name: str
    place: str
    place_name: str
    metric: str
    unit: str
    datum: str | None
    synthetic: bool
    status: Status
    begin_at: datetime
    end_at: datetime
    since: datetime
    readings: int
    points: list[ReadingPoint]
    levels: list[RuleLevel]
    alarms: list[AlarmView]


class AlertTrend(ResponseModel):
    """The course of the leading sensor of an alert."""

    contract = "SensorEntry"

    alert_id: str
    sensor_id: str
    name: str
    metric: str
    unit: str
    datum: str | None
    points: list[ReadingPoint]
    levels: list[RuleLevel]
    last: float
    last_at: datetime
    per_hour: float | None
    peak: float | None
    peak_at: datetime | None


class AlertTrendList(ResponseModel):
    """Courses of the leading sensors of alerts."""

    trends: list[AlertTrend]
