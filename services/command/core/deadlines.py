"""Deadlines of an assignment and the durable timers that guard them.

One armed `sign_escalate` timer at all times while an assignment waits for its signature, and one
armed finishing timer (`finish_due_soon`, then `finish_overdue`) while it waits for its report, unless
that is overdue and it is not even signed: the auditor counts on it. While it is suspended these are
paused and go on where they stood, later by the time suspended; one armed `resume` timer ends the
suspension, so that nothing is forgotten in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from services.command.core.model import Assignment
from services.command.core.profiles import Profile
from services.command.core.states import FINISH_RUNS, SIGN_RUNS
from shared.contracts.fields import Level, Tier
from shared.domain.response_modes.effective import UNDECIDED, Effective


class TimerKind(StrEnum):
    """Kinds of timers of an assignment; `sign_escalate` and `finish_overdue` have a rung (0 = overdue
    and reminded)."""

    SIGN_DUE_SOON = "sign_due_soon"
    SIGN_ESCALATE = "sign_escalate"
    FINISH_DUE_SOON = "finish_due_soon"
    FINISH_OVERDUE = "finish_overdue"
    RESUME = "resume"


SIGN_TIMERS = (TimerKind.SIGN_DUE_SOON, TimerKind.SIGN_ESCALATE)
FINISH_TIMERS = (TimerKind.FINISH_DUE_SOON, TimerKind.FINISH_OVERDUE)
CLOCKS = SIGN_TIMERS + FINISH_TIMERS
"""The timers that stand still during a suspension."""


class Arm(Struct, frozen=True, gc=False):
    """A timer to be armed for a subject."""

    subject_id: str
    kind: TimerKind
    rung: int
    due_at: datetime


class Clocks(Struct, frozen=True, gc=False):
    """What the deadlines of a new attempt follow from.

    The profile, the command's level, the unit's response mode now; for a part of a split assignment
    also the finish_by of its whole.
    """

    profile: Profile
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
        """(sign by, finish by) of an attempt that begins now; what a plan sets goes first."""
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
    profile: Profile,
    level: Level,
    tier: Tier,
    now: datetime,
    sign_within_s: float | None = None,
    finish_within_s: float | None = None,
    within: datetime | None = None,
) -> tuple[datetime, datetime]:
    """(sign by, finish by) of an assignment delivered now; what a plan sets goes before the profile.

    Nobody has to be finished before he has to have signed: the later of both holds for finishing. A
    part's clocks lie `within` the finish_by of its whole, shortened in proportion. When that has passed
    already they are not: a deadline in the past would call people at once who have only just been asked.
    """
    sign_s = sign_within_s or profile.sign_s[level][tier]
    finish_s = max(sign_s, finish_within_s or profile.finish_s[level][tier])
    sign, finish = timedelta(seconds=sign_s), timedelta(seconds=finish_s)
    if within is not None and now < within < now + finish:
        return now + sign * ((within - now) / finish), within
    return now + sign, now + finish


def first_timers(assignment: Assignment, profile: Profile, now: datetime) -> list[Arm]:
    """The timers of an assignment whose attempt began now, for the clocks that it has."""
    name = assignment.assignment_id
    timers: list[Arm] = []
    if assignment.standing in SIGN_RUNS:
        soon = now + (assignment.sign_by - now) * profile.due_soon
        timers.append(Arm(name, TimerKind.SIGN_DUE_SOON, 0, soon))
        timers.append(Arm(name, TimerKind.SIGN_ESCALATE, 0, assignment.sign_by))
    if assignment.standing in FINISH_RUNS:
        timers.append(_finish_timer(assignment, profile, now))
    return timers


def stopped(before: Assignment, after: Assignment) -> tuple[TimerKind, ...]:
    """The timers that this change makes void; all of them when a new attempt begins."""
    if after.attempt != before.attempt:
        return (*CLOCKS, TimerKind.RESUME)
    kinds: tuple[TimerKind, ...] = ()
    if before.standing in SIGN_RUNS and after.standing not in SIGN_RUNS:
        kinds += SIGN_TIMERS
    if before.standing in FINISH_RUNS and (
        after.standing not in FINISH_RUNS or after.extensions != before.extensions
    ):
        kinds += FINISH_TIMERS
    if before.suspended_until is not None and after.suspended_until != before.suspended_until:
        kinds += (TimerKind.RESUME,)
    return kinds


def started(before: Assignment | None, after: Assignment, profile: Profile) -> list[Arm]:
    """The timers to be armed after this change, or after it was made (`before` None)."""
    timers: list[Arm] = []
    if before is None or after.attempt != before.attempt:
        timers += first_timers(after, profile, after.changed_at)
    elif after.extensions != before.extensions and after.standing in FINISH_RUNS:
        timers.append(_finish_timer(after, profile, after.changed_at))
    elif after.finish_overdue and _has_signed(before, after):
        timers.append(Arm(after.assignment_id, TimerKind.FINISH_OVERDUE, 0, after.changed_at))
    if after.suspended_until is not None and (
        before is None or after.suspended_until != before.suspended_until
    ):
        timers.append(Arm(after.assignment_id, TimerKind.RESUME, 0, after.suspended_until))
    return timers


def _has_signed(before: Assignment, after: Assignment) -> bool:
    return (
        before.standing in SIGN_RUNS
        and after.standing in FINISH_RUNS
        and after.standing not in SIGN_RUNS
    )


def _finish_timer(assignment: Assignment, profile: Profile, now: datetime) -> Arm:
    soon = now + (assignment.finish_by - now) * profile.due_soon
    return Arm(assignment.assignment_id, TimerKind.FINISH_DUE_SOON, 0, soon)
