"""Models of the responses with deadlines that are missed or near."""

from __future__ import annotations

from datetime import datetime

from services.console.features.commands.responses import UnitNode
from services.console.web.response_models import ResponseModel
from shared.contracts.commands import SupervisionClock, SupervisionKind
from shared.contracts.fields import Level, Post, Status


class SupervisionView(ResponseModel):
    """The newest firing of one clock of an open assignment."""

    contract = "SupervisionEvent"

    assignment_id: str
    command_id: str | None
    status: Status
    kind: SupervisionKind
    clock: SupervisionClock
    unit: str
    unit_name: str
    rung: int
    target_unit: str
    target_name: str
    target_post: Post
    due_at: datetime
    late_by_s: float
    level: Level
    masked: bool
    title: str
    sent_at: datetime


class SupervisionList(ResponseModel):
    """Deadlines that are missed or near, clock by clock."""

    supervision: list[SupervisionView]
    next: str | None
    total: int


class SupervisedUnit(UnitNode):
    """The counts of assignments of a unit that are due soon, overdue or returned."""

    escalated: int
    overdue: int
    reminded: int
    due_soon: int
    returned: int


class SupervisedUnitList(ResponseModel):
    """The unit of the officer, then the units one tier below."""

    units: list[SupervisedUnit]
