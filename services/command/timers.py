"""One function per kind of timer of assignments, proposals and obligations.

Due timers take effect in the order of stages (unit_of_work/__init__.py): assignments under the
locks of their commands, then modes, then reports. All due timers of an assignment take effect
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.command.core.modes.timers import ModeTimer
from services.command.core.reporting.model import ReportClock
from services.command.core.reporting.timers import DUE_SOON, ESCALATE
from services.command.core.supervision.deadlines import TimerKind
from services.command.unit_of_work import Stage, UnitOfWork
from shared.runtime.handlers import Router
from shared.runtime.timers import Timer, TimerKey

router: Router[UnitOfWork] = Router()


def load_assignment(timer: TimerKey, unit: UnitOfWork) -> None:
    """A timer of an assignment needs the command of the assignment."""
    unit.need_assignment(timer.subject_id)


def load_proposal(timer: TimerKey, unit: UnitOfWork) -> None:
    """A timer of a proposal needs the mode of the proposal's unit."""
    unit.modes.need_timer(timer.subject_id)


def load_obligation(timer: TimerKey, unit: UnitOfWork) -> None:
    """A timer of an obligation needs the incident of the obligation."""
    unit.reports.need_timer(timer.subject_id)


@router.timer(TimerKind.SIGN_DUE_SOON, load=load_assignment)
async def fire_sign_due_soon(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Remind units 临期 whose time to sign is nearly over."""
    unit.supervise(timers)


@router.timer(TimerKind.SIGN_ESCALATE, load=load_assignment)
async def fire_sign_escalate(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Call the next post of the escalation chain about units that have not signed."""
    unit.supervise(timers)


@router.timer(TimerKind.FINISH_DUE_SOON, load=load_assignment)
async def fire_finish_due_soon(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Remind units 临期 whose time to report is nearly over, and arm the end of that time."""
    unit.supervise(timers)


@router.timer(TimerKind.FINISH_OVERDUE, load=load_assignment)
async def fire_finish_overdue(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Call the next post of the escalation chain about units that have not reported."""
    unit.supervise(timers)


@router.timer(TimerKind.RESUME, load=load_assignment)
async def fire_resume(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """End suspensions 挂起 and apply the steps that waited for the end."""
    unit.supervise(timers)


@router.timer(ModeTimer.EXPIRE, load=load_proposal)
async def fire_mode_expire(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Let proposals expire that nobody has decided."""
    unit.defer(Stage.MODES, partial(unit.modes.expire, timers))


@router.timer(ModeTimer.END, load=load_proposal)
async def fire_mode_end(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """End modes whose time is over."""
    unit.defer(Stage.MODES, partial(unit.modes.end, timers))


async def fire_report_due_soon(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Remind units 临期 whose time for an upward report is nearly over."""
    unit.defer(Stage.REPORTS, partial(unit.reports.fire, timers))


async def fire_report_escalate(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Call the next post of the escalation chain about units that have not reported upward."""
    unit.defer(Stage.REPORTS, partial(unit.reports.fire, timers))


for _clock in ReportClock:
    router.timer(f"{_clock}{DUE_SOON}", load=load_obligation)(fire_report_due_soon)
    router.timer(f"{_clock}{ESCALATE}", load=load_obligation)(fire_report_escalate)
