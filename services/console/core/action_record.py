"""An act of an officer as the contract record that tells of it.

Ids follow from who did what to what, so that a double click, a retry and a second browser tab are one
act. The first record's times are kept (store/action_log.py) and sent again unchanged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.core.access import Viewer
from services.console.core.record import Record
from shared.contracts.envelope import Envelope
from shared.contracts.fields import DataGrade, Status
from shared.contracts.topics import TopicSpec
from shared.contracts.units import tier_of

_NOT_MEANT = {
    "occurred_at", "sent_at", "trace_id", "references", "follows", "arrive_by", "data_grade",
}  # fmt: skip
"""What the moment adds to an act: the same meant a second time is the same act."""


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """A record to be written for an officer: where to, under which key."""

    spec: TopicSpec
    key: str
    message: Envelope
    officer_id: str

    def digest(self) -> bytes:
        """Hash of what the officer meant, without times, chains and grade."""
        meant = self.message.model_dump_json(exclude=_NOT_MEANT, exclude_none=True)
        return hashlib.sha256(meant.encode()).digest()[:16]


def head(
    viewer: Viewer,
    cause: Record,
    areas: tuple[str, ...],
    references: tuple[str, ...],
    now: datetime,
    grade: str = DataGrade.GENERAL,
) -> dict[str, Any]:
    """The envelope of a record that follows from `cause`; its status is the cause's. `grade`: of what it is
    about, for what an officer writes about it is no less."""
    return {
        "status": Status(cause["status"]),
        "occurred_at": now,
        "sent_at": now,
        "origin_unit": viewer.unit,
        "tier": tier_of(viewer.unit),
        "areas": areas,
        "references": references,
        "trace_id": cause["trace_id"],
        "data_grade": DataGrade(grade),
    }
