"""Deadlines of an assignment and the durable timers that guard them.

One armed `sign_escalate` timer at all times while an assignment waits for its signature, and one
armed finishing timer (`finish_due_soon`, then `finish_overdue`) while it waits for its report: the
auditor counts on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.command.core.model import Assignment
from services.command.core.profiles import Profile
from services.command.core.states import FINISH_RUNS, SIGN_RUNS
from shared.contracts.fields import Level, Tier


class TimerKind(StrEnum):
    """Kinds of timers of an assignment; `sign_escalate` has a rung (0 = overdue and reminded)."""

    SIGN_DUE_SOON = "sign_due_soon"
    SIGN_ESCALATE = "sign_escalate"
    FINISH_DUE_SOON = "finish_due_soon"
    FINISH_OVERDUE = "finish_overdue"


SIGN_TIMERS = (TimerKind.SIGN_DUE_SOON, TimerKind.SIGN_ESCALATE)
FINISH_TIMERS = (TimerKind.FINISH_DUE_SOON, TimerKind.FINISH_OVERDUE)


@dataclass(frozen=True, slots=True)
class Arm:
    """A timer to be armed for a subject."""

    subject_id: str
    kind: TimerKind
    rung: int
    due_at: datetime


def deadlines(
    profile: Profile,
    level: Level,
    tier: Tier,
    now: datetime,
    sign_within_s: float | None = None,
    finish_within_s: float | None = None,
) -> tuple[datetime, datetime]:
    """(sign by, finish by) of an assignment delivered now; what a plan sets goes before the profile.

    Nobody has to be finished before he has to have signed: the later of both holds for finishing.
    """
    sign_s = sign_within_s or profile.sign_s[level][tier]
    finish_s = max(sign_s, finish_within_s or profile.finish_s[level][tier])
    return now + timedelta(seconds=sign_s), now + timedelta(seconds=finish_s)


def first_timers(assignment: Assignment, profile: Profile, now: datetime) -> list[Arm]:
    """The timers of an assignment whose attempt began now, for the clocks that run."""
    one = assignment.assignment_id
    timers: list[Arm] = []
    if assignment.state in SIGN_RUNS:
        soon = now + (assignment.sign_by - now) * profile.due_soon
        timers.append(Arm(one, TimerKind.SIGN_DUE_SOON, 0, soon))
        timers.append(Arm(one, TimerKind.SIGN_ESCALATE, 0, assignment.sign_by))
    if assignment.state in FINISH_RUNS:
        soon = now + (assignment.finish_by - now) * profile.due_soon
        timers.append(Arm(one, TimerKind.FINISH_DUE_SOON, 0, soon))
    return timers


def stopped(before: Assignment, after: Assignment) -> tuple[TimerKind, ...]:
    """The timers that this change makes void; all of them when a new attempt begins."""
    if after.attempt != before.attempt:
        return SIGN_TIMERS + FINISH_TIMERS
    kinds: tuple[TimerKind, ...] = ()
    if before.state in SIGN_RUNS and after.state not in SIGN_RUNS:
        kinds += SIGN_TIMERS
    if before.state in FINISH_RUNS and after.state not in FINISH_RUNS:
        kinds += FINISH_TIMERS
    return kinds
