"""The ladders of reminders 催办 and escalations 督办: about an assignment or a duty to report."""

from __future__ import annotations

from datetime import datetime

from services.notify.core import wording
from services.notify.core.ladders import Ladder, Purpose
from services.notify.core.names import Names
from shared.contracts.commands import SupervisionEvent
from shared.contracts.pages import SubjectKind

REPORTS = frozenset(
    {
        Purpose.REPORT_PHONE,
        Purpose.REPORT_WRITTEN,
        Purpose.REPORT_FOLLOW_UP,
        Purpose.REPORT_FINAL,
    }
)
"""What a duty to report upward can miss; the others are an assignment's."""


def of(event: SupervisionEvent, names: Names, now: datetime) -> Ladder:
    """The calling that a reminder or an escalation asks for."""
    headline, text = wording.of_supervision(event, names)
    purpose = Purpose(event.clock)
    reports = purpose in REPORTS
    return Ladder(
        ladder_id="",
        cause_id=event.id,
        trace_id=event.trace_id or event.id,
        subject_kind=SubjectKind.SUPERVISION,
        subject_id=event.supervision_id,
        purpose=purpose,
        status=event.status,
        level=event.level,
        place=event.unit,
        start_unit=event.target_unit,
        headline=headline,
        text=text,
        data_grade=event.data_grade,
        occurred_at=event.occurred_at,
        opened_at=now,
        alert_id=event.alert_id,
        command_id=event.command_id,
        assignment_id=None if reports else event.subject_id,
        duty_id=event.subject_id if reports else None,
        rung=event.rung,
    )
