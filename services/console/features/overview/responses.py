"""Models of the response with the overview."""

from __future__ import annotations

from datetime import datetime

from services.console.features.commands.responses import AssignmentCounts, TierCounts
from services.console.features.identity.responses import BrokerName
from services.console.stream.asyncapi import ProjectionLag
from services.console.web.response_models import ResponseModel
from shared.contracts.alerts import AlertState
from shared.contracts.fields import Level, Status, Tier


class AlertCounts(ResponseModel):
    """Numbers of open alerts by level and by state."""

    issued: dict[Level, int]
    proposed: dict[Level, int]
    states: dict[AlertState, int]


class UnitTile(ResponseModel):
    """A unit one tier below the screen's unit, with the gravest levels of its subtree."""

    unit: str
    name: str
    level: Level | None
    proposed: Level | None
    alerts: int


class MapUnit(ResponseModel):
    """The middle of the sensors of a unit."""

    unit: str
    lon: float
    lat: float


class MapSensors(ResponseModel):
    """The sensors of a cell of the map."""

    lon: float
    lat: float
    sensors: int


class MapAlarm(ResponseModel):
    """An active alarm, at its sensor, else at the middle of its place."""

    contract = "AlarmEvent"

    alarm_id: str
    sensor_id: str | None
    name: str
    place_name: str
    level: Level
    lon: float
    lat: float


class PlaceMap(ResponseModel):
    """The points of a schematic map without borders."""

    middles: list[MapUnit]
    sensors: list[MapSensors]
    alarms: list[MapAlarm]


class OverviewAssignments(AssignmentCounts):
    """Counts of the assignments of open commands, in total and by tier."""

    by_tier: list[TierCounts]


class Overview(ResponseModel):
    """The numbers and the map of a place."""

    status: Status
    now: datetime
    unit: str
    unit_name: str
    tier: Tier
    broker: BrokerName
    behind: ProjectionLag
    alerts: AlertCounts
    assignments: OverviewAssignments
    overdue: int
    pages_open: int
    sensors_silent: int
    exercises: int
    tiles: list[UnitTile]
    feed_seq: int
