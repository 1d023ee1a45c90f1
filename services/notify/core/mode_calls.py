"""Ladders about response modes: whoever has to decide a proposal, every desk that a mode concerns."""

from __future__ import annotations

from datetime import datetime

from services.notify.core import wording
from services.notify.core.ladders import Ladder, Purpose
from services.notify.core.names import Names
from shared.contracts.fields import Level, ResponseMode
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import SubjectKind

URGENCY: dict[ResponseMode, Level] = {
    ResponseMode.NORMAL: Level.BLUE,
    ResponseMode.RECOVERY: Level.YELLOW,
    ResponseMode.STANDBY: Level.ORANGE,
    ResponseMode.EMERGENCY: Level.RED,
}
"""How urgent a call about a mode is: as one about an alert of this level."""


def to_decide(event: ModeProposal, names: Names, now: datetime) -> Ladder:
    """A ladder that asks the deciding unit for the signature that is missing."""
    text = wording.of_proposal(event, names, now)
    return _ladder(event, event.proposal_id, Purpose.DECIDE, event.unit, text, now)


def to_inform(
    event: ResponseModeEvent, subject: str, unit: str, names: Names, now: datetime
) -> Ladder:
    """A ladder that tells one desk of the subtree; `subject` is the mode as an aggregate."""
    text = wording.of_mode(event, names, now)
    return _ladder(event, subject, Purpose.INFORM, unit, text, now)


def _ladder(
    event: ModeProposal | ResponseModeEvent,
    subject: str,
    purpose: Purpose,
    unit: str,
    text: str,
    now: datetime,
) -> Ladder:
    return Ladder(
        ladder_id="",
        cause_id=event.id,
        trace_id=event.trace_id or event.id,
        subject_kind=SubjectKind.MODE,
        subject_id=subject,
        purpose=purpose,
        status=event.status,
        level=URGENCY[event.mode],
        place=event.unit,
        start_unit=unit,
        headline=event.title,
        text=text,
        data_grade=event.data_grade,
        occurred_at=event.occurred_at,
        opened_at=now,
    )
