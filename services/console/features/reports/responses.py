"""Models of the responses with upward reports and the duties to report."""

from __future__ import annotations

from datetime import datetime

from services.console.features.photos.responses import PhotoView
from services.console.features.reports.views import ClockState
from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Level, Post, Status
from shared.contracts.reports import DutyState, Means, ReporterRole, ReportFacts, ReportKind
from shared.contracts.supervision import SupervisionClock, SupervisionKind
from shared.domain.report_series.changes import Direction
from shared.domain.report_series.numbers import Mark


class ReportDeadline(ResponseModel):
    """A deadline of a duty to report, and the post that is called about it."""

    contract = "SupervisionEvent"

    clock: SupervisionClock
    due_at: datetime
    met_at: datetime | None
    state: ClockState
    supervision: SupervisionKind | None
    rung: int | None
    target_unit: str | None
    target_name: str | None
    target_post: Post | None


class ReportDutyView(ResponseModel):
    """The duty of a unit to report an incident to a unit above."""

    contract = "ReportDuty"

    duty_id: str
    status: Status
    alert_id: str
    incident_id: str
    event_type: str
    place: str
    place_name: str
    unit: str
    unit_name: str
    to_unit: str
    to_name: str
    skip_level: bool
    level: Level
    masked: bool
    title: str
    state: DutyState
    open: bool
    started_at: datetime
    follow_ups: int
    follow_ups_late: int
    reason: str
    clocks: list[ReportDeadline]


class FactChange(ResponseModel):
    """A fact that a report has changed."""

    field: str
    before: str | int | None
    after: str | int
    direction: Direction
    line: str


class ReportView(ResponseModel):
    """A report of an incident, with the changes of the facts."""

    contract = "Report"

    report_id: str
    kind: ReportKind
    number: int
    mark: Mark | None
    means: Means | None
    headline: str
    text: str
    restricted: bool
    place: str
    place_name: str
    recorded_by: str
    reporter_role: ReporterRole
    follows: str | None
    occurred_at: datetime
    sent_at: datetime
    counted: bool
    late: bool | None
    facts: ReportFacts
    changes: list[FactChange]


class ReportChain(ResponseModel):
    """The reports from one unit to another; without units those of apps and hotlines."""

    from_unit: str | None
    from_name: str | None
    to_unit: str | None
    to_name: str | None
    duties: list[ReportDutyView]
    reports: list[ReportView]
    next_number: int
    may: list[Means]


class ReportStart(ResponseModel):
    """The units between which the officer may begin to report."""

    from_unit: str
    from_name: str
    to_unit: str
    to_name: str
    may: list[Means]


class IncidentReports(ResponseModel):
    """The reports of an incident by sender and receiver."""

    incident_id: str
    status: Status
    may_start: ReportStart | None
    chains: list[ReportChain]
    photos: list[PhotoView]


class ReportDutyList(ResponseModel):
    """The duties to report of the subtree of the officer."""

    now: datetime
    summary: dict[ClockState, int]
    total: int
    duties: list[ReportDutyView]
