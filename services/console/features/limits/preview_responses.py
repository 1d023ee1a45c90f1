"""Models of the responses with previews of drafts of limits."""

from __future__ import annotations

from datetime import datetime

from services.console.web.response_models import ResponseModel
from shared.contracts.fields import Level
from shared.contracts.supervision import SupervisionClock
from shared.domain.limits.preview.counts import Difference


class LimitsPreviewCounts(ResponseModel):
    """Counts over deadlines with the limits that held (before) and with the draft (after)."""

    clocks: int
    fixed: int
    earlier: int
    later: int
    late_before: int
    late_after: int
    newly_late: int
    no_longer_late: int
    calls_before: int
    calls_after: int
    notices_before: int
    notices_after: int
    more_calls: int
    fewer_calls: int
    newly_owed: int
    no_longer_owed: int


class LimitsPreviewLevel(LimitsPreviewCounts):
    """The counts of a level."""

    level: Level


class LimitsPreviewUnit(LimitsPreviewLevel):
    """The counts of a unit at a level; villages and grids count in their town."""

    unit: str
    unit_name: str


class LimitsPreviewSide(ResponseModel):
    """A deadline with one of the two documents."""

    due_at: datetime
    late: bool
    calls: int
    notices: int


class LimitsPreviewCase(ResponseModel):
    """A deadline that would have been different; `clock` is null for a duty as a whole."""

    difference: Difference
    subject_id: str
    thread: str
    attempt: int
    unit: str
    unit_name: str
    level: Level
    begun_at: datetime
    clock: SupervisionClock | None
    end_at: datetime | None
    is_met: bool | None
    before: LimitsPreviewSide | None
    after: LimitsPreviewSide | None


class LimitsPreview(ResponseModel):
    """The differences that a draft would have made in the decisions of a span.

    Where the decisions are so many that a person would wait long, those up to `end` are compared.
    """

    limits_id: str
    version: int
    begin: datetime
    end: datetime
    complete: bool
    attempts: int
    duties: int
    unjudged: int
    calls_recorded: int
    total: LimitsPreviewCounts
    levels: list[LimitsPreviewLevel]
    units: list[LimitsPreviewUnit]
    cases: list[LimitsPreviewCase]
