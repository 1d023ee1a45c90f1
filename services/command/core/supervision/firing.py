"""Supervision 督办: the meaning of a timer of an assignment that fires.

Pure: the claimed timers, the escalation chain and the database's time go in; the calls, the changed
assignment and the next timers come out. After an outage a clock fires once, at the rung that is due
by now. The call names the rungs in between; nobody is called for them afterwards.

Both clocks climb the chain until an officer acts, one after the other: a unit without signature is
called for the signature alone, and after the signature for the report, when that is overdue by
then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.states import FINISH_RUNS, SIGN_RUNS
from services.command.core.assignments.steps import resume_by_timer
from services.command.core.supervision.deadlines import NewTimer, TimerKind
from services.command.core.supervision.profiles import SlaProfile
from shared.contracts.fields import Level
from shared.contracts.supervision import SupervisionClock, SupervisionKind
from shared.domain.limits.call_pace import CallPace
from shared.domain.roster.escalation_chain import PostRef

_ON_TIME_S = 1.0
"""A firing this many seconds after the due time is no delay: a whole district takes that long."""


class DueTimer(Struct, frozen=True, gc=False):
    """A claimed timer of an assignment or of an obligation."""

    kind: str
    rung: int
    due_at: datetime


class SupervisionCall(Struct, frozen=True, gc=False):
    """One supervision event. `number` makes the call unique among the firings of an attempt.

    `limits_id` and `limits_version` name the document of limits that gives the pause after the
    call; None where no further call follows from this one.
    """

    kind: SupervisionKind
    clock: SupervisionClock
    rung: int
    number: int
    target: PostRef
    due_at: datetime
    late_by_s: float
    skipped: tuple[int, ...] = ()
    limits_id: str | None = None
    limits_version: int | None = None


class AssignmentFiring(Struct):
    """The consequences of the claimed timers of one assignment.

    `resumed` has the versions after the end of its suspension, each with the step that caused the
    version (None: the timer itself). The remaining fields concern the assignment before that.
    """

    assignment: Assignment
    resumed: list[tuple[OfficerStep | None, Assignment]] = []
    calls: list[SupervisionCall] = []
    new_timers: list[NewTimer] = []


def fire_assignment(
    assignment: Assignment,
    due_timers: Iterable[DueTimer],
    chain: tuple[PostRef, ...],
    profile: SlaProfile,
    level: Level,
    now: datetime,
) -> AssignmentFiring:
    """Return the consequences of timers that are due; a timer of a stopped clock has none."""
    result = AssignmentFiring(assignment)
    for due in due_timers:
        match due.kind:
            case TimerKind.SIGN_DUE_SOON:
                if assignment.state in SIGN_RUNS and now < assignment.sign_by:
                    late = late_by(due.due_at, now)
                    result.calls.append(
                        SupervisionCall(
                            SupervisionKind.DUE_SOON, "sign", 0, 0, chain[0], due.due_at, late
                        )
                    )
            case TimerKind.SIGN_ESCALATE:
                if assignment.state in SIGN_RUNS:
                    _escalate(result, due, chain, profile, level, now)
            case TimerKind.FINISH_DUE_SOON | TimerKind.FINISH_OVERDUE:
                if assignment.state in FINISH_RUNS:
                    _finish(result, due, chain, profile, level, now)
            case TimerKind.RESUME:
                until = assignment.suspended_until
                if until is not None and until <= now:
                    result.resumed = resume_by_timer(assignment, now)
    return result


def next_call(
    clock: SupervisionClock,
    due: tuple[int, datetime],
    chain: tuple[PostRef, ...],
    profile: SlaProfile,
    level: Level,
    calls: int,
    now: datetime,
) -> tuple[SupervisionCall, int, datetime]:
    """Return the call of a missed deadline at the rung that is due by now, the next rung, its time.

    `due` is the armed rung and its due time; `calls` is the number of earlier calls of the clock.
    """
    armed_rung, due_at = due
    step = timedelta(seconds=profile.step_s[level])
    top = len(chain) - 1
    first = min(armed_rung, top)
    rung = min(armed_rung + (now - due_at) // step, top)
    kind = SupervisionKind.ESCALATED if rung else SupervisionKind.REMINDED
    skipped = tuple(range(first, rung))
    number = calls + 1
    late = late_by(due_at, now)
    call = SupervisionCall(
        kind,
        clock,
        rung,
        number,
        chain[rung],
        due_at,
        late,
        skipped,
        profile.limits_id,
        profile.limits_version,
    )
    pace = CallPace(step, profile.rounds, profile.slow)
    return call, min(rung + 1, top), now + pace.pause(number, len(chain))


def late_by(due_at: datetime, now: datetime) -> float:
    """Return the seconds since the due time; 0 for a timer that fired on time."""
    late = (now - due_at).total_seconds()
    return late if late >= _ON_TIME_S else 0.0


def _escalate(
    result: AssignmentFiring,
    due: DueTimer,
    chain: tuple[PostRef, ...],
    profile: SlaProfile,
    level: Level,
    now: datetime,
) -> None:
    previous = result.assignment
    call, next_rung, next_at = next_call(
        "sign", (due.rung, due.due_at), chain, profile, level, previous.calls, now
    )
    if not previous.sign_overdue:
        # The overdue event comes once, however many rungs an outage skipped; it calls nobody.
        late = call.late_by_s
        end = previous.sign_by
        result.calls.append(
            SupervisionCall(SupervisionKind.OVERDUE, "sign", 0, 0, chain[0], end, late)
        )
    result.calls.append(call)
    result.assignment = replace(previous, sign_overdue=True, calls=call.number, changed_at=now)
    result.new_timers.append(
        NewTimer(previous.assignment_id, TimerKind.SIGN_ESCALATE, next_rung, next_at)
    )


def _finish(
    result: AssignmentFiring,
    due: DueTimer,
    chain: tuple[PostRef, ...],
    profile: SlaProfile,
    level: Level,
    now: datetime,
) -> None:
    previous = result.assignment
    name, end = previous.assignment_id, previous.finish_by
    if now < end:
        late = late_by(due.due_at, now)
        result.calls.append(
            SupervisionCall(SupervisionKind.DUE_SOON, "finish", 0, 0, chain[0], due.due_at, late)
        )
        result.new_timers.append(NewTimer(name, TimerKind.FINISH_OVERDUE, 0, end))
        return
    if not previous.finish_overdue:
        late = late_by(end, now)
        result.calls.append(
            SupervisionCall(SupervisionKind.OVERDUE, "finish", 0, 0, chain[0], end, late)
        )
    if previous.state in SIGN_RUNS:
        # The unit is called for its signature; `deadlines.new_timers` arms this clock afterwards.
        result.assignment = replace(previous, finish_overdue=True, changed_at=now)
        return
    # A `due_soon` timer that an outage delayed counts from the deadline itself.
    missed = (due.rung, max(due.due_at, end))
    call, next_rung, next_at = next_call(
        "finish", missed, chain, profile, level, previous.calls, now
    )
    result.calls.append(call)
    result.assignment = replace(previous, finish_overdue=True, calls=call.number, changed_at=now)
    result.new_timers.append(NewTimer(name, TimerKind.FINISH_OVERDUE, next_rung, next_at))
