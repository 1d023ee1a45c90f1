"""The durable timers of an obligation's clocks, and the meaning of one that fires.

Each running clock has exactly one armed `_escalate` timer, and one `_due_soon` timer until shortly
before the limit. A due time that has passed never moves, so that a clock is either late or met in
time, never both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.command.core.reporting.model import ClockCalls, Obligation, ReportClock
from services.command.core.supervision.firing import (
    DueTimer,
    SupervisionCall,
    late_by,
    next_call,
)
from services.command.core.supervision.profiles import SlaProfile
from shared.contracts.supervision import SupervisionKind
from shared.domain.roster.escalation_chain import PostRef

DUE_SOON, ESCALATE = "_due_soon", "_escalate"
KINDS: dict[str, tuple[ReportClock, str]] = {
    f"{clock}{purpose}": (clock, purpose)
    for clock in ReportClock
    for purpose in (DUE_SOON, ESCALATE)
}
"""Clock and purpose of every kind of timer of an obligation."""

TimerRow = tuple[str, str, int, datetime]
"""A timer to be armed: obligation, kind, rung, due time (shared.runtime.timers)."""


@dataclass(slots=True)
class ObligationFiring:
    """The consequences of the claimed timers of one obligation."""

    obligation: Obligation
    calls: list[SupervisionCall] = field(default_factory=list)
    new_timers: list[TimerRow] = field(default_factory=list)


def timer_changes(
    previous: Obligation | None, updated: Obligation, due_soon: float, now: datetime
) -> tuple[list[str], list[TimerRow]]:
    """Return the kinds of timers to cancel and the timers to arm after a change.

    After the share `due_soon` of a limit 临期 is reported.
    """
    ran = previous.running_clocks() if previous else {}
    runs = updated.running_clocks()
    void_kinds: list[str] = []
    timers: list[TimerRow] = []
    for clock in ReportClock:
        if ran.get(clock) == runs.get(clock):
            continue
        if clock in ran:
            void_kinds += [f"{clock}{DUE_SOON}", f"{clock}{ESCALATE}"]
        if clock in runs:
            due = runs[clock]
            soon = now + (due - now) * due_soon
            if soon > now:
                timers.append((updated.obligation_id, f"{clock}{DUE_SOON}", 0, soon))
            timers.append((updated.obligation_id, f"{clock}{ESCALATE}", 0, due))
    return void_kinds, timers


def fire_obligation(
    obligation: Obligation,
    due_timers: Iterable[DueTimer],
    chain: tuple[PostRef, ...],
    pace: SlaProfile,
    now: datetime,
) -> ObligationFiring:
    """Return the consequences of timers that are due; a timer of a stopped clock has none."""
    result = ObligationFiring(obligation)
    runs = obligation.running_clocks()
    for timer in due_timers:
        clock, purpose = KINDS[timer.kind]
        due = runs.get(clock)
        if due is None:
            continue
        if purpose == ESCALATE:
            _escalate(result, clock, timer, due, chain, pace, now)
        elif now < due:
            kind, late = SupervisionKind.DUE_SOON, late_by(timer.due_at, now)
            result.calls.append(
                SupervisionCall(kind, clock.value, 0, 0, chain[0], timer.due_at, late)
            )
    return result


def _escalate(
    result: ObligationFiring,
    clock: ReportClock,
    timer: DueTimer,
    due: datetime,
    chain: tuple[PostRef, ...],
    pace: SlaProfile,
    now: datetime,
) -> None:
    obligation = result.obligation
    earlier = obligation.calls.get(clock)
    calls = earlier.number if earlier is not None and earlier.due_at == due else 0
    call, rung, at = next_call(
        clock.value, (timer.rung, timer.due_at), chain, pace, obligation.level, calls, now
    )
    if not calls:
        result.calls.append(
            SupervisionCall(
                SupervisionKind.OVERDUE, clock.value, 0, 0, chain[0], due, call.late_by_s
            )
        )
    result.calls.append(call)
    updated_calls = {**obligation.calls, clock: ClockCalls(due, call.number)}
    result.obligation = replace(obligation, calls=updated_calls)
    result.new_timers.append((obligation.obligation_id, f"{clock}{ESCALATE}", rung, at))
