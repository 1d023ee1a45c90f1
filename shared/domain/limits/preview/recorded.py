"""Decisions as recorded: attempts of assignments and duties to report, with limits and times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.fields import Level, ResponseMode, Tier


@dataclass(frozen=True, slots=True)
class RecordedAttempt:
    """One attempt of an assignment.

    `sign_by` and `finish_by` are the deadlines as first set; `sign_moved` and `finish_moved` are
    the times by which suspensions moved them. `extended` is the deadline that an officer gave in
    place of the second. `ended_at` is when the attempt ended without a report. `limits` is the key
    of the document from which the deadlines follow. `parent_id`: the assignment that was split.
    """

    assignment_id: str
    command_id: str
    attempt: int
    unit: str
    tier: Tier
    level: Level
    mode: ResponseMode
    begun_at: datetime
    sign_by: datetime
    finish_by: datetime
    limits: str | None
    signed_at: datetime | None = None
    reported_at: datetime | None = None
    ended_at: datetime | None = None
    sign_moved: timedelta = timedelta()
    finish_moved: timedelta = timedelta()
    extended: datetime | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedDuty:
    """A unit's duty to report an incident upward, as it is now.

    `written` are the moments of the written reports that counted, in order, without the final one.
    `ended_at` is when the duty ended without a final report.
    """

    duty_id: str
    incident_id: str
    unit: str
    tier: Tier
    level: Level
    mode: ResponseMode
    skip_level: bool
    started_at: datetime
    phone_due: datetime
    written_due: datetime
    limits: str | None
    phone_at: datetime | None = None
    written: tuple[datetime, ...] = ()
    final_due: datetime | None = None
    final_at: datetime | None = None
    ended_at: datetime | None = None
