"""Audit trail 审计留痕 and findings of the independent auditor."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import Clean, Count, Identifier, Line, Long, Text, UnitId


class AuditOutcome(StrEnum):
    """The result of an act."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    FINDING = "finding"
    RESOLVED = "resolved"


class AuditEntry(Envelope):
    """One line of the append-only trail, chained by `prev_hash` and `hash` (hex SHA-256).

    `place` and `count` are those of a refusal: the unit it was tried on, how often within a minute.
    """

    type: Literal["audit_entry"] = "audit_entry"
    sequence: Annotated[Long, Field(ge=1)]
    actor: Identifier
    action: Line
    subject_id: Annotated[str, Field(max_length=200), Clean]
    outcome: AuditOutcome
    reason: Text = ""
    place: UnitId | None = None
    count: Annotated[Count, Field(ge=1)] | None = None
    prev_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
