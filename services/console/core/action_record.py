"""Acts of officers as records of the contracts.

The id of a record follows from the officer, the object and the meaning of the act. A double click,
a retry and a second browser tab are therefore one act. The times of the first record are stored
(store/action_log.py) and sent again unchanged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.core.access import Viewer
from services.console.core.record import OutgoingRecord
from shared.contracts.envelope import Envelope
from shared.contracts.fields import DataGrade, Status
from shared.contracts.topics import TopicSpec
from shared.contracts.units import tier_of

_NOT_PART_OF_MEANING = {
    "occurred_at", "sent_at", "trace_id", "references", "follows", "arrive_by", "data_grade",
}  # fmt: skip
"""Fields that the moment adds: an act that differs in these only is the same act."""


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """A record of an act, with the topic and the key under which it is sent."""

    spec: TopicSpec
    key: str
    message: Envelope
    officer_id: str

    def digest(self) -> bytes:
        """Return a hash of the meaning of the act, without times, chains and grade."""
        meaning = self.message.model_dump_json(exclude=_NOT_PART_OF_MEANING, exclude_none=True)
        return hashlib.sha256(meaning.encode()).digest()[:16]


def head(
    viewer: Viewer,
    cause: OutgoingRecord,
    areas: tuple[str, ...],
    references: tuple[str, ...],
    now: datetime,
    grade: str = DataGrade.GENERAL,
) -> dict[str, Any]:
    """Return the envelope of a record with `cause` and the status of `cause`.

    `grade` is the grade of the object: a text about the object has at least this grade.
    """
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
