"""Models of the responses with documents of limits and their drafts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.console.core.limits_drafts import DraftState, LimitsContent, Subject
from services.console.features.limits.value_fields import Kind
from services.console.web.response_models import RecordedAction, ResponseModel, optional
from shared.contracts.fields import Post
from shared.contracts.limits import AssignmentLimits, ReportLimits
from shared.contracts.limits_acts import LimitsVerb


class LimitsSignatureView(ResponseModel):
    """A signature under a document; the name is shown to the unit of the officer and above."""

    officer_id: str
    name: str | None
    unit: str
    post: Post
    signed_at: datetime


class LimitsHead(ResponseModel):
    """A version of a document of limits, without its values."""

    contract = "LimitsDocument"

    limits_id: str
    version: int
    enabled: bool
    subjects: list[Subject]
    name_zh: str
    name_en: str
    unit: str | None
    unit_name: str | None
    in_force_from: datetime
    has_begun: bool
    source: str
    signed_by: list[LimitsSignatureView]


class LimitsValues(ResponseModel):
    """The values of a document, those of one subject."""

    assignments: AssignmentLimits = optional()
    reports: ReportLimits = optional()


class LimitsDocumentView(LimitsHead):
    """A version of a document of limits with all of its values."""

    values: LimitsValues


class LimitsInForceView(ResponseModel):
    """The document of each subject that holds now; null where none holds."""

    assignments: LimitsDocumentView | None
    reports: LimitsDocumentView | None


class LimitsDraftView(ResponseModel):
    """A draft of a document with its signatures, and what the officer may do with it."""

    draft_id: str
    limits_id: str
    version: int
    state: DraftState
    digest: str
    author: str
    signed_by: list[LimitsSignatureView]
    changed_at: datetime
    closed_by: str | None
    reason: str
    unit_name: str | None
    document: LimitsContent
    replaced: LimitsValues | None
    may: list[LimitsVerb]


class LimitsField(ResponseModel):
    """A field of a row: its kind, its bounds, and what may be chosen (`of` names the words)."""

    name: str
    kind: Kind
    required: bool
    of: str | None
    options: list[str]
    low: float | None
    high: float | None
    fewest: int
    most: int | None


class LimitsPart(ResponseModel):
    """A part of a subject: a row, or with `many` a list of rows."""

    name: str
    many: bool
    required: bool
    fewest: int
    most: int | None
    fields: list[LimitsField]


class LimitsSubjectFields(ResponseModel):
    """The fields of a subject, from which a form is made."""

    subject: Subject
    parts: list[LimitsPart]


class LimitsOverview(ResponseModel):
    """The limits of a unit now, all versions that concern it, and the drafts of its subtree."""

    unit: str | None
    unit_name: str | None
    may_draft: bool
    subjects: list[LimitsSubjectFields]
    in_force: LimitsInForceView
    versions: list[LimitsHead]
    drafts: list[LimitsDraftView]


class LimitsProblem(ResponseModel):
    """A problem of a field of a document; a document with warnings can be published."""

    field: str
    severity: Literal["error", "warning"]
    zh: str
    en: str
    allowed: str


class LimitsChecked(ResponseModel):
    """Everything that is wrong with a document; nothing is stored."""

    limits_id: str
    version: int
    problems: list[LimitsProblem]


class RecordedLimitsAct(RecordedAction):
    """The act on a draft is stored and leaves for the trail, a published draft for all readers."""

    draft_id: str
    state: DraftState
    limits_id: str
    version: int
    digest: str
