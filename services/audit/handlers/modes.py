"""Response modes 平急状态 and the requests to change them."""

from __future__ import annotations

from services.audit.unit_of_work import UnitOfWork
from shared.contracts.modes import ModeRequest, ResponseModeEvent
from shared.contracts.topics import MODE_REQUESTS, RESPONSE_MODES
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


@router.subscriber(RESPONSE_MODES)
async def enter_mode(mode: ResponseModeEvent, unit: UnitOfWork, record: InboundMessage) -> None:
    """Count the mode, and enter the effect of the people behind the decision."""
    unit.count(record)
    unit.enter(mode)


@router.subscriber(MODE_REQUESTS)
async def enter_mode_request(
    request: ModeRequest, unit: UnitOfWork, record: InboundMessage
) -> None:
    """Count the request and enter it."""
    unit.count(record)
    unit.enter(request)
