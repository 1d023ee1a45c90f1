"""Decisions of operators about the system itself."""

from __future__ import annotations

from services.audit.unit_of_work import UnitOfWork
from shared.contracts.gaps import GapAcceptance
from shared.contracts.topics import GAP_ACCEPTANCES
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


@router.subscriber(GAP_ACCEPTANCES)
async def enter_acceptance(
    acceptance: GapAcceptance, unit: UnitOfWork, record: InboundMessage
) -> None:
    """Count the acceptance of a gap and enter it, with the person and the reason."""
    unit.count(record)
    unit.enter(acceptance)
