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
