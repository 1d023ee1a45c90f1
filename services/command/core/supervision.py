"""督办: what one firing of an assignment's timers means.

Pure: the claimed timers, the ladder and the database's time go in; whom to call, the changed
assignment and the next timers come out. After an outage a clock fires once, at the rung that should
be active by now; the rungs that were passed over are named, nobody is called for them afterwards.

Both clocks climb the ladder until somebody acts, one after the other: who has not signed is called for
that alone, and from his signature on for the end, when that is over by then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from services.command.core import steps
from services.command.core.deadlines import Arm, TimerKind
from services.command.core.escalation import Slot
from services.command.core.model import Act, Assignment
from services.command.core.profiles import Profile
from services.command.core.states import FINISH_RUNS, SIGN_RUNS
from shared.contracts.commands import SupervisionClock, SupervisionKind
from shared.contracts.fields import Level

_ON_TIME_S = 1.0
"""Firing within this many seconds of the due time is no delay: a district at once takes that long."""


class Due(Struct, frozen=True, gc=False):
    """A claimed timer of the assignment."""

    kind: TimerKind
    rung: int
    due_at: datetime


class Call(Struct, frozen=True, gc=False):
    """One supervision event to be told. `number` makes it unique among the firings of an attempt."""

    kind: SupervisionKind
    clock: SupervisionClock
    rung: int
    number: int
    target: Slot
    due_at: datetime
    late_by_s: float
    skipped: tuple[int, ...] = ()


class Firing(Struct):
    """What follows from the claimed timers of one assignment.

    `woken`: the versions after the end of its suspension, each with the act that brought it (None =
    the timer itself). The other fields are about the assignment as it was before.
    """

    assignment: Assignment
    woken: list[tuple[Act | None, Assignment]] = []
    calls: list[Call] = []
    arm: list[Arm] = []


def fire(
    assignment: Assignment,
    claimed: Iterable[Due],
    ladder: tuple[Slot, ...],
    profile: Profile,
    level: Level,
    now: datetime,
) -> Firing:
    """Act on timers that are due; one whose clock has stopped means nothing."""
    result = Firing(assignment)
    for due in claimed:
        match due.kind:
            case TimerKind.SIGN_DUE_SOON:
                if assignment.state in SIGN_RUNS and now < assignment.sign_by:
                    result.calls.append(
                        Call(
                            SupervisionKind.DUE_SOON,
                            "sign",
                            0,
                            0,
                            ladder[0],
                            due.due_at,
                            late_by(due.due_at, now),
                        )
                    )
            case TimerKind.SIGN_ESCALATE:
                if assignment.state in SIGN_RUNS:
                    _escalate(result, due, ladder, profile, level, now)
            case TimerKind.FINISH_DUE_SOON | TimerKind.FINISH_OVERDUE:
                if assignment.state in FINISH_RUNS:
                    _finish(result, due, ladder, profile, level, now)
            case TimerKind.RESUME:
                until = assignment.suspended_until
                if until is not None and until <= now:
                    result.woken = steps.wake(assignment, now)
    return result


def climb(
    clock: SupervisionClock,
    due: tuple[int, datetime],
    ladder: tuple[Slot, ...],
    profile: Profile,
    level: Level,
    calls: int,
    now: datetime,
) -> tuple[Call, int, datetime]:
    """A missed deadline calls the rung that should be active by now: (call, next rung, when).

    `due` is the rung that was armed and when; `calls` how often this clock has called before.
    """
    armed_rung, due_at = due
    step = timedelta(seconds=profile.step_s[level])
    top = len(ladder) - 1
    first = min(armed_rung, top)
    rung = min(armed_rung + (now - due_at) // step, top)
    kind = SupervisionKind.ESCALATED if rung else SupervisionKind.REMINDED
    skipped = tuple(range(first, rung))
    number = calls + 1
    call = Call(kind, clock, rung, number, ladder[rung], due_at, late_by(due_at, now), skipped)
    pause = step if number < len(ladder) + profile.rounds else step * profile.slow
    return call, min(rung + 1, top), now + pause


def _escalate(
    result: Firing,
    due: Due,
    ladder: tuple[Slot, ...],
    profile: Profile,
    level: Level,
    now: datetime,
) -> None:
    before = result.assignment
    call, next_rung, next_at = climb(
        "sign", (due.rung, due.due_at), ladder, profile, level, before.calls, now
    )
    if not before.sign_overdue:
        # The fact is told once, whatever was slept through; it calls nobody by itself.
        result.calls.append(
            Call(SupervisionKind.OVERDUE, "sign", 0, 0, ladder[0], before.sign_by, call.late_by_s)
        )
    result.calls.append(call)
    result.assignment = replace(before, sign_overdue=True, calls=call.number, changed_at=now)
    result.arm.append(Arm(before.assignment_id, TimerKind.SIGN_ESCALATE, next_rung, next_at))


def _finish(
    result: Firing,
    due: Due,
    ladder: tuple[Slot, ...],
    profile: Profile,
    level: Level,
    now: datetime,
) -> None:
    before = result.assignment
    name, end = before.assignment_id, before.finish_by
    if now < end:
        late = late_by(due.due_at, now)
        result.calls.append(
            Call(SupervisionKind.DUE_SOON, "finish", 0, 0, ladder[0], due.due_at, late)
        )
        result.arm.append(Arm(name, TimerKind.FINISH_OVERDUE, 0, end))
        return
    if not before.finish_overdue:
        result.calls.append(
            Call(SupervisionKind.OVERDUE, "finish", 0, 0, ladder[0], end, late_by(end, now))
        )
    if before.state in SIGN_RUNS:
        # Who has not even signed is called for that; deadlines.started has him called for this after.
        result.assignment = replace(before, finish_overdue=True, changed_at=now)
        return
    # Due soon that was slept through counts from the end itself.
    missed = (due.rung, max(due.due_at, end))
    call, next_rung, next_at = climb("finish", missed, ladder, profile, level, before.calls, now)
    result.calls.append(call)
    result.assignment = replace(before, finish_overdue=True, calls=call.number, changed_at=now)
    result.arm.append(Arm(name, TimerKind.FINISH_OVERDUE, next_rung, next_at))


def late_by(due_at: datetime, now: datetime) -> float:
    """Seconds since the due time; 0 when the timer fired as it should."""
    late = (now - due_at).total_seconds()
    return late if late >= _ON_TIME_S else 0.0
