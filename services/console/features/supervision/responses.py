"""Models of the responses with assignments whose deadlines are missed or near."""

from __future__ import annotations

from datetime import datetime

from services.console.features.commands.responses import CommandHead, DutyContact, UnitNode
from services.console.web.response_models import ResponseModel
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level, Post, Status
from shared.contracts.supervision import SupervisionClock, SupervisionKind


class SupervisionView(ResponseModel):
    """An open assignment with its gravest firing."""

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
    state: AssignmentState
    contact: DutyContact | None


class SupervisionList(ResponseModel):
    """Assignments whose deadline is missed or near."""

    supervision: list[SupervisionView]
    next: str | None
    total: int


class SupervisionCounts(ResponseModel):
    """The counts of assignments that are due soon, overdue or returned."""

    escalated: int
    overdue: int
    reminded: int
    due_soon: int
    returned: int


class SupervisedUnit(UnitNode, SupervisionCounts):
    """A unit with the counts of its assignments that need attention."""


class SupervisedUnitList(ResponseModel):
    """The unit of the officer, then the units one tier below."""

    units: list[SupervisedUnit]


class SupervisedCommand(CommandHead, SupervisionCounts):
    """An open command with the counts of its assignments that need attention.

    `unsigned` of the late assignments have not been signed.
    """

    unsigned: int
    may: list[str]


class SupervisedCommandList(ResponseModel):
    """Open commands with assignments that need attention, the most urgent first."""

    commands: list[SupervisedCommand]
    next: str | None
