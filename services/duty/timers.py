"""Timers of a unit: the next change of a holder, and the daily evaluation of its coverage."""

from __future__ import annotations

from collections.abc import Sequence

from services.duty.unit_of_work import EVALUATION, HANDOVER, UnitOfWork
from shared.contracts.ids import content_id
from shared.runtime.handlers import Router
from shared.runtime.timers import Timer, TimerKey

router: Router[UnitOfWork] = Router()


def load(timer: TimerKey, unit: UnitOfWork) -> None:
    """A timer needs the plan of its unit."""
    unit.need_plan(timer.subject_id)


@router.timer(HANDOVER, load=load)
async def fire_handover(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Evaluate the units of which a post changes its holder now."""
    _evaluate(timers, unit)


@router.timer(EVALUATION, load=load)
async def fire_evaluation(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Evaluate the units whose last evaluation is a day ago: the horizon has moved on."""
    _evaluate(timers, unit)


def _evaluate(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    for timer in timers:
        cause = content_id("look", timer.subject_id, timer.due_at.isoformat())
        unit.evaluate(timer.subject_id, cause)
