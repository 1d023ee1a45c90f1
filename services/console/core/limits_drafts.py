"""The life of a draft of limits: written by one officer, signed by two, published or withdrawn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.fields import Instant, Line, UnitId
from shared.contracts.limits import AssignmentLimits, LimitsSignature, ReportLimits

Subject = Literal["assignments", "reports"]


class LimitsContent(BaseModel):
    """The next version of the document of a unit about a subject, or its first one.

    Without `unit` it holds for every unit. `enabled` false ends the document of the unit: from
    `in_force_from` on the document above holds. One subject has values, as files of limits have
    them (docs/limits.md).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Subject
    unit: UnitId | None = None
    enabled: bool = True
    name_zh: Line
    name_en: Line
    in_force_from: Instant
    source: Line
    assignments: AssignmentLimits | None = None
    reports: ReportLimits | None = None


def digest_of(content: LimitsContent) -> str:
    """Return the hash of the content of a draft, which officers read and sign."""
    fields = content.model_dump(mode="json", exclude_none=True)
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


class DraftState(StrEnum):
    """An open draft has no signature; the author's is the first, the second one publishes it."""

    OPEN = "open"
    SIGNED = "signed"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


LIVE = frozenset({DraftState.OPEN, DraftState.SIGNED})
"""States in which a draft waits for somebody."""


@dataclass(frozen=True, slots=True)
class LimitsDraft:
    """A draft as it is now."""

    draft_id: str
    limits_id: str
    version: int
    state: DraftState
    body: LimitsContent
    author: str
    signatures: tuple[LimitsSignature, ...]
    changed_at: datetime
    closed_by: str | None = None
    reason: str = ""

    @property
    def digest(self) -> str:
        """The hash of its content."""
        return digest_of(self.body)


class DraftRefusal(StrEnum):
    """The reasons to refuse an act on a draft, apart from missing rights."""

    NOT_AUTHOR = "not_author"
    AUTHOR_FIRST = "author_first"
    SIGNED_ALREADY = "signed_already"
    DRAFT_CLOSED = "draft_closed"
    DRAFT_SIGNED = "draft_signed"


def refusal_to_change(state: DraftState, author: str, officer_id: str) -> DraftRefusal | None:
    """Change a draft: its author, before anybody has signed it."""
    if state not in LIVE:
        return DraftRefusal.DRAFT_CLOSED
    if state is DraftState.SIGNED:
        return DraftRefusal.DRAFT_SIGNED
    return None if officer_id == author else DraftRefusal.NOT_AUTHOR


def refusal_to_sign(
    state: DraftState, author: str, signatures: Sequence[LimitsSignature], officer_id: str
) -> DraftRefusal | None:
    """Sign a draft: its author first, then one other officer; nobody signs twice."""
    if any(signature.officer_id == officer_id for signature in signatures):
        return DraftRefusal.SIGNED_ALREADY
    if state not in LIVE:
        return DraftRefusal.DRAFT_CLOSED
    if not signatures and officer_id != author:
        return DraftRefusal.AUTHOR_FIRST
    return None


def refusal_to_withdraw(state: DraftState) -> DraftRefusal | None:
    """Withdraw a draft: as long as it is not published."""
    return None if state in LIVE else DraftRefusal.DRAFT_CLOSED
