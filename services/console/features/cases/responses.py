"""Models of the responses with cases."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.console.features.cases.case import CaseState
from services.console.web.response_models import RecordedAction, ResponseModel, optional
from shared.contracts.alerts import AlertState
from shared.contracts.assignments import AssignmentState
from shared.contracts.commands import CommandState
from shared.contracts.fields import Level, Post, ResponseMode, Status, Tier
from shared.contracts.pages import Channel
from shared.contracts.reports import Means
from shared.contracts.supervision import SupervisionClock


class CaseView(ResponseModel):
    """A case of the list."""

    case_id: str
    status: Status
    state: CaseState
    title: str
    masked: bool
    level: Level | None
    event_type: str
    root: str
    root_name: str
    began: datetime
    changed: datetime
    alerts: int
    commands: int


class CaseList(ResponseModel):
    """Cases that concern the subtree of the officer, the newest first."""

    status: Status
    cases: list[CaseView]
    next: str | None


class FindingView(ResponseModel):
    """A finding of a review with the state of the command that it became."""

    contract = "Finding"

    command_id: str
    owner: str
    title: str
    instruction: str
    finish_by: datetime
    owner_name: str
    command_state: CommandState | None
    assignment_id: str | None
    state: AssignmentState | None
    overdue: bool
    late: bool


class ReviewView(ResponseModel):
    """The review of a case."""

    contract = "CaseReview"

    review_id: str
    status: Status
    officer_id: str
    unit: str
    unit_name: str
    text: str
    sent_at: datetime
    findings: list[FindingView]


class CaseDetail(ResponseModel):
    """One case with its progress and its review."""

    case_id: str
    status: Status
    state: CaseState
    title: str
    masked: bool
    level: Level | None
    event_type: str
    root: str
    root_name: str
    owner: str
    owner_name: str
    began: datetime | None
    ended: datetime | None
    alerts: list[str]
    commands: list[str]
    review: ReviewView | None
    may_review: bool


class RecordedReview(RecordedAction):
    """Kafka has the review and the requests for the commands of its findings."""

    commands: list[str]


class TimelineLine(ResponseModel):
    """A line of the timeline: one fact, or several facts of one kind in one tier.

    The fields from `attempt` on depend on `kind`.
    """

    id: str
    at: datetime
    until: datetime
    status: Status
    kind: str
    event: str = Field(alias="what")
    thread: str
    tier: Tier
    count: int
    late: bool
    unit: str | None
    unit_name: str | None
    actor: str | None
    attempt: int = optional()
    headline: str = optional()
    text: str = optional()
    state: AlertState = optional()
    level: Level = optional()
    proposed: Level = optional()
    recipients: int = optional()
    is_part: bool = optional("given")
    post: Post = optional()
    channel: Channel = optional()
    rung: int = optional()
    clock: SupervisionClock = optional()
    target_unit: str = optional()
    target_name: str = optional()
    target_post: Post = optional()
    late_by_s: float = optional()
    mode: ResponseMode = optional()
    means: Means = optional()
    to_unit: str = optional()
    findings: int = optional()


class CaseTimeline(ResponseModel):
    """The facts of a case, the oldest first."""

    case_id: str
    status: Status
    title: str
    lines: list[TimelineLine]
    next: str | None


class TimeSpanView(ResponseModel):
    """The times that a step took, in seconds."""

    measured: int
    median_s: float | None
    p90_s: float | None
    slowest_s: float | None
    slowest_unit: str | None


class EvaluationCounts(ResponseModel):
    """The counts of an evaluation."""

    assignments: int
    signed: int
    finished: int
    late: int
    returned: int
    reassigned: int
    suspended: int
    sent_back: int
    escalations: int
    pages: int
    answered: int


class GroupEvaluation(EvaluationCounts):
    """The evaluation of a group of units."""

    units: int
    deliver_s: TimeSpanView
    sign_s: TimeSpanView
    finish_s: TimeSpanView
    answer_s: TimeSpanView


class TierEvaluation(GroupEvaluation):
    """The evaluation of the units of one tier."""

    tier: Tier


class UnitEvaluation(EvaluationCounts):
    """The evaluation of one unit in one thread of the case."""

    thread: str
    unit: str
    unit_name: str
    tier: Tier
    state: AssignmentState | None
    deliver_s: float | None
    sign_s: float | None
    finish_s: float | None
    answer_s: float | None


class CaseEvaluation(ResponseModel):
    """The evaluation of a case: all units, each tier, each unit."""

    case_id: str
    status: Status
    all_units: GroupEvaluation = Field(alias="whole")
    by_tier: list[TierEvaluation]
    units: list[UnitEvaluation]
    next: int | None
