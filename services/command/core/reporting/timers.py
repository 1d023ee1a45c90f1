"""The durable timers of a duty's clocks, and what one firing of them means.

Each running clock has one armed `_escalate` timer at all times, and until it is near one `_due_soon`.
A due time that has passed never moves, so a clock is late or met in time, never both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.command.core.escalation import Slot
from services.command.core.profiles import Profile
from services.command.core.reporting.model import Calls, Clock, Duty
from services.command.core.reporting.profiles import ReportProfile
from services.command.core.supervision import Call, climb, late_by
from shared.contracts.commands import SupervisionKind

SOON, ESCALATE = "_due_soon", "_escalate"
KINDS: dict[str, tuple[Clock, str]] = {
    f"{clock}{what}": (clock, what) for clock in Clock for what in (SOON, ESCALATE)
}
"""Every kind of timer of a duty: which clock, and what it is for."""

Arm = tuple[str, str, int, datetime]
"""A timer to be armed: duty, kind, rung, when it is due (shared.runtime.timers)."""


@dataclass(frozen=True, slots=True)
class Fallen:
    """A claimed timer of a duty."""

    kind: str
    rung: int
    due_at: datetime


@dataclass(slots=True)
class Firing:
    """What follows from the claimed timers of one duty."""

    duty: Duty
    calls: list[Call] = field(default_factory=list)
    arm: list[Arm] = field(default_factory=list)


def rearmed(
    before: Duty | None, after: Duty, profile: ReportProfile, now: datetime
) -> tuple[list[str], list[Arm]]:
    """(kinds to be disarmed, timers to be armed) when a duty has become another."""
    ran = before.running() if before else {}
    runs = after.running()
    void: list[str] = []
    arm: list[Arm] = []
    for clock in Clock:
        if ran.get(clock) == runs.get(clock):
            continue
        if clock in ran:
            void += [f"{clock}{SOON}", f"{clock}{ESCALATE}"]
        if clock in runs:
            due = runs[clock]
            soon = now + (due - now) * profile.due_soon
            if soon > now:
                arm.append((after.duty_id, f"{clock}{SOON}", 0, soon))
            arm.append((after.duty_id, f"{clock}{ESCALATE}", 0, due))
    return void, arm


def fire(
    duty: Duty,
    claimed: Iterable[Fallen],
    ladder: tuple[Slot, ...],
    pace: Profile,
    now: datetime,
) -> Firing:
    """Act on timers that are due; one whose clock has stopped means nothing."""
    result = Firing(duty)
    runs = duty.running()
    for fallen in claimed:
        clock, what = KINDS[fallen.kind]
        due = runs.get(clock)
        if due is None:
            continue
        if what == SOON:
            if now < due:
                late = late_by(fallen.due_at, now)
                result.calls.append(
                    Call(
                        SupervisionKind.DUE_SOON, clock.value, 0, 0, ladder[0], fallen.due_at, late
                    )
                )
        else:
            _escalate(result, clock, fallen, due, ladder, pace, now)
    return result


def _escalate(
    result: Firing,
    clock: Clock,
    fallen: Fallen,
    due: datetime,
    ladder: tuple[Slot, ...],
    pace: Profile,
    now: datetime,
) -> None:
    before = result.duty.calls.get(clock)
    calls = before.number if before is not None and before.due_at == due else 0
    call, rung, at = climb(
        clock.value, (fallen.rung, fallen.due_at), ladder, pace, result.duty.level, calls, now
    )
    if not calls:
        overdue = Call(SupervisionKind.OVERDUE, clock.value, 0, 0, ladder[0], due, call.late_by_s)
        result.calls.append(overdue)
    result.calls.append(call)
    result.duty = replace(result.duty, calls={**result.duty.calls, clock: Calls(due, call.number)})
    result.arm.append((result.duty.duty_id, f"{clock}{ESCALATE}", rung, at))
