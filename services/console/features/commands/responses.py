"""Models of the responses with commands, assignments and units."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.console.features.agency_warnings.responses import WarningOrigin
from services.console.features.photos.responses import PhotoView
from services.console.web.response_models import RecordedAction, ResponseModel
from shared.contracts.assignments import AssignmentRole, AssignmentState, Progress, Step
from shared.contracts.commands import CommandState
from shared.contracts.fields import Level, Post, Status, Tier
from shared.contracts.selections import Selection
from shared.contracts.supervision import SupervisionKind


class AssignmentCounts(ResponseModel):
    """Counts of assignments; each count is a part of `total`."""

    total: int
    signed: int
    reported: int
    done_assignments: int = Field(alias="done")
    returned: int
    overdue: int
    overdue_unsigned: int
    overdue_unreported: int


class TierCounts(AssignmentCounts):
    """Counts of the assignments of one tier."""

    tier: Tier


class CommandHead(ResponseModel):
    """A command without the progress of its assignments."""

    contract = "CommandEvent"

    command_id: str
    status: Status
    version: int
    state: CommandState
    alert_id: str | None
    event_type: str
    level: Level
    root: str
    root_name: str
    issuer_unit: str
    issuer_name: str
    masked: bool
    title: str
    warning: WarningOrigin | None
    recipients: int
    sign_by: datetime
    finish_by: datetime
    sent_at: datetime


class CommandView(CommandHead):
    """A command with the counts of its assignments in the subtree of the officer."""

    by_tier: list[TierCounts]
    totals: AssignmentCounts
    may: list[str]
    first_unit: str


class CommandList(ResponseModel):
    """Commands that concern the subtree of the officer."""

    commands: list[CommandView]
    next: str | None


class DutyContact(ResponseModel):
    """The officer on duty to call for a unit; name and telephone as far as open to the viewer."""

    contract = "RosterSlot"

    unit: str
    unit_name: str
    post: Post
    name: str | None
    phone: str | None


class PendingUnit(ResponseModel):
    """A unit that has not signed, has returned its assignment, or is late."""

    contract = "AssignmentEvent"

    assignment_id: str
    unit: str
    unit_name: str
    unit_tier: Tier
    state: AssignmentState
    sign_by: datetime
    finish_by: datetime
    reason: str
    supervision: SupervisionKind | None
    rung: int | None
    target_name: str | None
    target_post: Post | None
    contact: DutyContact | None


class CommandDetail(CommandView):
    """One command with its instruction and the units that are pending."""

    instruction: str
    missing_total: int
    missing: list[PendingUnit]


class CoursePointView(ResponseModel):
    """The units that had signed and that had reported by a moment."""

    at: datetime
    signed: int
    reported: int


class CommandCourse(ResponseModel):
    """The signatures and reports over time, within the subtree of the officer."""

    total: int
    sign_by: datetime | None
    points: list[CoursePointView]


class AssignmentQuestion(ResponseModel):
    """The question of a unit to its issuer: for more time, or for a suspension."""

    contract = "Ask"

    step: Step
    until: datetime | None
    text: str


class UnitAssignment(ResponseModel):
    """The assignment of one unit, and the steps that the officer may take on it."""

    contract = "AssignmentEvent"

    assignment_id: str
    command_id: str
    alert_id: str | None
    status: Status
    version: int
    unit: str
    unit_name: str
    unit_tier: Tier
    role: AssignmentRole
    state: AssignmentState
    level: Level
    event_type: str
    masked: bool
    title: str
    instruction: str
    issuer_unit: str
    issuer_name: str
    sign_by: datetime
    finish_by: datetime
    attempt: int
    signed_at: datetime | None
    reported_at: datetime | None
    done_at: datetime | None
    late: bool
    synthetic: bool
    reason: str
    parent_assignment_id: str | None
    mandatory: bool
    reassigned_from: str | None
    question: AssignmentQuestion | None = Field(alias="asked")
    suspended_until: datetime | None
    extensions: int
    original_finish_by: datetime | None
    children: Progress | None
    may: list[Step]


class AssignmentView(UnitAssignment):
    """An assignment with the photos that the officer may see, and whom to call."""

    photos: list[PhotoView]
    contact: DutyContact | None


class AssignmentList(ResponseModel):
    """Assignments of a unit, or of its subtree."""

    assignments: list[AssignmentView]
    next: str | None
    total: int


class AcknowledgementView(ResponseModel):
    """A step that an officer has taken on an assignment."""

    contract = "Acknowledgement"

    step: Step
    attempt: int
    unit_name: str
    post: Post
    text: str
    sent_at: datetime


class AssignmentDetail(AssignmentView):
    """One assignment with the steps that were taken on it."""

    acknowledgements: list[AcknowledgementView]


class UnitName(ResponseModel):
    """A unit with its name."""

    unit: str
    name: str


class UnitOfTier(UnitName):
    """A unit with its name and tier."""

    tier: Tier


class UnitReached(UnitOfTier):
    """A unit that a command would reach; it leads, or it assists."""

    assists: bool


class DeskCounts(ResponseModel):
    """The duty desks of the units that a command would reach."""

    total: int
    staffed: int
    unstaffed: list[UnitName]


class CommandPreview(ResponseModel):
    """The units that a command would reach."""

    root: str
    root_name: str
    recipients: int
    assisting: int
    digest: str
    by_tier: dict[Tier, int]
    by_department: dict[str, int]
    desks: DeskCounts
    units: list[UnitReached]
    next: str | None


class CommandDraftView(ResponseModel):
    """A draft of the officer; `names` are those of the units and groups of its selections."""

    contract = "CommandRequest"

    draft_id: str
    changed_at: datetime
    selection: Selection | None
    assist: Selection | None
    event_type: str | None
    level: Level | None
    title: str
    instruction: str
    sign_by: datetime | None
    finish_by: datetime | None
    status: Status
    warning_id: str | None
    names: dict[str, str]


class CommandDrafts(ResponseModel):
    """The drafts of the officer, at most 20."""

    drafts: list[CommandDraftView]


class SavedDraft(ResponseModel):
    """The draft that was stored or deleted."""

    draft_id: str


class UnitNode(UnitOfTier):
    """A unit of the tree."""

    contract = "UnitEntry"

    department: str | None
    synthetic: bool


class UnitGroup(ResponseModel):
    """A group of units by its name."""

    group: str
    name: str
    members: int


class UnitsBelow(UnitNode):
    """A unit with the units one tier below, and the ways to select units."""

    way: list[UnitNode]
    below: list[UnitNode]
    departments: list[str]
    roles: list[str]
    groups: list[UnitGroup]


class UnitProgress(UnitNode, AssignmentCounts):
    """A unit with the counts of a command in its subtree."""


class CommandBelow(UnitNode):
    """The progress of a command in a unit and in each unit one tier below."""

    way: list[UnitNode]
    own: UnitAssignment | None
    below: list[UnitProgress]


class BulkStep(ResponseModel):
    """The outcome of one assignment; without a reason Kafka has the step."""

    assignment_id: str
    unit: str | None
    unit_name: str | None
    reason: str | None
    repeated: bool


class BulkSteps(ResponseModel):
    """The outcomes of an act on many assignments, in the order of the request."""

    recorded_steps: int = Field(alias="recorded")
    results: list[BulkStep]


class RecordedCommand(RecordedAction):
    """Kafka has the request for the command."""

    command_id: str
    recipients: int
