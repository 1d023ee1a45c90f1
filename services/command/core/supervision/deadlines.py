"""Deadlines of an assignment, and the durable timers that guard them.

An assignment without signature has exactly one armed `sign_escalate` timer. An assignment without
report has exactly one armed finishing timer (`finish_due_soon`, then `finish_overdue`), unless the
report is overdue and the unit has not even signed. The auditor relies on both. A suspension pauses
these timers; afterwards they run on, later by the time of the suspension. One armed `resume` timer
ends the suspension.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from services.command.core.assignments.model import Assignment
from services.command.core.assignments.states import FINISH_RUNS, SIGN_RUNS
from services.command.core.supervision.profiles import SlaProfile
from shared.contracts.fields import Level, Tier
from shared.domain.limits.assignments import attempt_deadlines
from shared.domain.response_modes.effective import UNDECIDED, Effective


class TimerKind(StrEnum):
    """Kinds of timers of an assignment.

    `sign_escalate` and `finish_overdue` have a rung; rung 0 means overdue and reminded.
    """

    SIGN_DUE_SOON = "sign_due_soon"
    SIGN_ESCALATE = "sign_escalate"
    FINISH_DUE_SOON = "finish_due_soon"
    FINISH_OVERDUE = "finish_overdue"
    RESUME = "resume"


SIGN_TIMERS = (TimerKind.SIGN_DUE_SOON, TimerKind.SIGN_ESCALATE)
FINISH_TIMERS = (TimerKind.FINISH_DUE_SOON, TimerKind.FINISH_OVERDUE)
CLOCK_TIMERS = SIGN_TIMERS + FINISH_TIMERS
"""The timers that are paused during a suspension."""


class NewTimer(Struct, frozen=True, gc=False):
    """A timer that is to be armed."""

    subject_id: str
    kind: TimerKind
    rung: int
    due_at: datetime


class DeadlineTerms(Struct, frozen=True, gc=False):
    """The values from which the deadlines of a new attempt follow.

    `mode` is the response mode of the unit now. `within` is the finish_by of the parent, for a part
    of a split assignment.
    """

    profile: SlaProfile
    level: Level
    mode: Effective = UNDECIDED
    within: datetime | None = None

    def deadlines(
        self,
        tier: Tier,
        now: datetime,
        sign_within_s: float | None = None,
        finish_within_s: float | None = None,
    ) -> tuple[datetime, datetime]:
        """Return (sign by, finish by) of an attempt that begins now; see `deadlines`."""
        return deadlines(
            self.profile.in_mode(self.mode.mode),
            self.level,
            tier,
            now,
            sign_within_s,
            finish_within_s,
            self.within,
        )


def deadlines(
    profile: SlaProfile,
    level: Level,
    tier: Tier,
    now: datetime,
    sign_within_s: float | None = None,
    finish_within_s: float | None = None,
    within: datetime | None = None,
) -> tuple[datetime, datetime]:
    """Return (sign by, finish by) of an assignment delivered now.

    A deadline that a plan sets, in seconds, takes precedence over the profile. The deadlines of a
    part lie `within` the finish_by of its parent.
    """
    sign_s = sign_within_s or profile.sign_s[level][tier]
    return attempt_deadlines(now, sign_s, finish_within_s or profile.finish_s[level][tier], within)


def first_timers(assignment: Assignment, profile: SlaProfile, now: datetime) -> list[NewTimer]:
    """Return the timers of an assignment whose attempt began now, for its present deadlines."""
    name = assignment.assignment_id
    timers: list[NewTimer] = []
    if assignment.progress_state in SIGN_RUNS:
        soon = now + (assignment.sign_by - now) * profile.due_soon
        timers.append(NewTimer(name, TimerKind.SIGN_DUE_SOON, 0, soon))
        timers.append(NewTimer(name, TimerKind.SIGN_ESCALATE, 0, assignment.sign_by))
    if assignment.progress_state in FINISH_RUNS:
        timers.append(_finish_timer(assignment, profile, now))
    return timers


def void_timers(previous: Assignment, updated: Assignment) -> tuple[TimerKind, ...]:
    """Return the kinds of timers that this change makes void; all kinds for a new attempt."""
    if updated.attempt != previous.attempt:
        return (*CLOCK_TIMERS, TimerKind.RESUME)
    kinds: tuple[TimerKind, ...] = ()
    if previous.progress_state in SIGN_RUNS and updated.progress_state not in SIGN_RUNS:
        kinds += SIGN_TIMERS
    if previous.progress_state in FINISH_RUNS and (
        updated.progress_state not in FINISH_RUNS or updated.extensions != previous.extensions
    ):
        kinds += FINISH_TIMERS
    if previous.suspended_until is not None and updated.suspended_until != previous.suspended_until:
        kinds += (TimerKind.RESUME,)
    return kinds


def new_timers(
    previous: Assignment | None, updated: Assignment, profile: SlaProfile
) -> list[NewTimer]:
    """Return the timers to arm after this change, or for a new assignment (`previous` None)."""
    timers: list[NewTimer] = []
    if previous is None or updated.attempt != previous.attempt:
        timers += first_timers(updated, profile, updated.changed_at)
    elif updated.extensions != previous.extensions and updated.progress_state in FINISH_RUNS:
        timers.append(_finish_timer(updated, profile, updated.changed_at))
    elif updated.finish_overdue and _has_signed(previous, updated):
        name = updated.assignment_id
        timers.append(NewTimer(name, TimerKind.FINISH_OVERDUE, 0, updated.changed_at))
    if updated.suspended_until is not None and (
        previous is None or updated.suspended_until != previous.suspended_until
    ):
        name = updated.assignment_id
        timers.append(NewTimer(name, TimerKind.RESUME, 0, updated.suspended_until))
    return timers


def _has_signed(previous: Assignment, updated: Assignment) -> bool:
    return (
        previous.progress_state in SIGN_RUNS
        and updated.progress_state in FINISH_RUNS
        and updated.progress_state not in SIGN_RUNS
    )


def _finish_timer(assignment: Assignment, profile: SlaProfile, now: datetime) -> NewTimer:
    soon = now + (assignment.finish_by - now) * profile.due_soon
    return NewTimer(assignment.assignment_id, TimerKind.FINISH_DUE_SOON, 0, soon)
