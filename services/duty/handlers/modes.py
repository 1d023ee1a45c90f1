"""Response modes 平急状态: they decide which roster of a unit is in force."""

from __future__ import annotations

from services.duty.unit_of_work import UnitOfWork
from shared.contracts.fields import Status
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.topics import RESPONSE_MODES
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(mode: ResponseModeEvent, unit: UnitOfWork) -> None:
    """A mode needs the plans of all units at and below its own; a drill's mode needs nothing."""
    if mode.status is Status.ACTUAL:
        unit.need_subtree(mode.unit)


@router.subscriber(RESPONSE_MODES, load=load)
async def handle_mode(mode: ResponseModeEvent, unit: UnitOfWork) -> None:
    """Evaluate the posts of every unit that the mode holds for."""
    if mode.status is Status.ACTUAL:
        unit.save_mode(mode)
