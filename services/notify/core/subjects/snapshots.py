"""The last known state of the records that cause calls, as far as it matters for calling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from shared.contracts.assignments import AssignmentState
from shared.contracts.duty import DutyCoverage
from shared.contracts.fields import Level, Status

NOTICE_TIME = timedelta(days=7)
"""A gap of the roster is announced so long before it begins, and again after the same time."""


class AssignmentPhase(IntEnum):
    """The progress of an assignment as far as calling is concerned."""

    UNSIGNED = 0
    SIGNED = 1
    REPORTED = 2
    ENDED = 3


PHASES: dict[AssignmentState, AssignmentPhase] = {
    AssignmentState.QUEUED: AssignmentPhase.UNSIGNED,
    AssignmentState.DELIVERED: AssignmentPhase.UNSIGNED,
    AssignmentState.SIGNED: AssignmentPhase.SIGNED,
    AssignmentState.ACCEPTED: AssignmentPhase.SIGNED,
    AssignmentState.HANDLING: AssignmentPhase.SIGNED,
    AssignmentState.REPORTED: AssignmentPhase.REPORTED,
    AssignmentState.CHECKED: AssignmentPhase.REPORTED,
    AssignmentState.DONE: AssignmentPhase.ENDED,
    AssignmentState.RETURNED: AssignmentPhase.ENDED,
    # Nobody is called during a suspension. Resuming is no delivery and opens no escalation.
    AssignmentState.SUSPENDED: AssignmentPhase.ENDED,
    AssignmentState.WAIVED: AssignmentPhase.ENDED,
    AssignmentState.REASSIGNED: AssignmentPhase.ENDED,
    AssignmentState.RECALLED: AssignmentPhase.ENDED,
}


@dataclass(frozen=True, slots=True)
class AlertSnapshot:
    """The last version of an alert; officers are called when its proposal changes."""

    alert_id: str
    status: str
    version: int
    level: Level | None
    proposed_level: Level | None
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class AssignmentSnapshot:
    """The last version of an assignment; `attempt` is the last delivered attempt, 0 = none."""

    assignment_id: str
    status: str
    version: int
    attempt: int
    phase: AssignmentPhase


@dataclass(frozen=True, slots=True)
class ReportDutySnapshot:
    """The running clocks of a unit's duty to report, by name, and the time when each is due."""

    duty_id: str
    status: str
    version: int
    dues: Mapping[str, datetime]

    def is_fulfilled(self, clock: str, called_at: datetime) -> bool:
        """Return True when a report that was late at `called_at` has been made since.

        The clock has then stopped, or has a later due time.
        """
        due = self.dues.get(clock)
        return due is None or due > called_at


class EndedWarning(NamedTuple):
    """A warning of another agency that a message of the same source and status has ended."""

    warning_id: str
    source_id: str
    status: Status


@dataclass(frozen=True, slots=True)
class GapSnapshot:
    """The gaps of a post.

    `announced_at` is the time of the last announcement, None when there was none or when the post
    was filled since. `times` counts all announcements.
    """

    subject_id: str
    coverage: DutyCoverage
    announced_at: datetime | None = None
    times: int = 0

    def due_at(self, now: datetime) -> datetime | None:
        """Return the time of the next announcement, None when there is no gap."""
        begins = [gap.begin for gap in self.coverage.gaps if gap.end > now]
        if not begins:
            return None
        first = min(begins) - NOTICE_TIME
        return first if self.announced_at is None else max(first, self.announced_at + NOTICE_TIME)
