"""Response modes 平急状态: units are informed of changes, and calls go by the mode in force."""

from __future__ import annotations

from services.notify.core.reference_data import ReferenceData
from services.notify.core.subjects.modes import call_about_mode
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.ids import mode_id
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.topics import RESPONSE_MODES
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(mode: ResponseModeEvent, unit: UnitOfWork) -> None:
    """A mode needs the escalations about the unit's previous mode."""
    unit.need_subject(mode_id(mode.status, mode.unit))


@router.subscriber(RESPONSE_MODES, load=load)
async def handle_mode(mode: ResponseModeEvent, unit: UnitOfWork) -> None:
    """Inform every unit of the subtree."""
    call_about_mode(mode, unit.engine)


def update_table(mode: ResponseModeEvent, reference: ReferenceData) -> None:
    """Update the mode in force; escalations that open from now on go by it."""
    reference.modes.put(mode)
