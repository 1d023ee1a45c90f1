"""Faults of the system itself: the duty officers of the tier are called until a fault is over."""

from __future__ import annotations

from services.notify.core.subjects.faults import call_about_fault
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.faults import SystemFault
from shared.contracts.topics import FAULTS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(fault: SystemFault, unit: UnitOfWork) -> None:
    """Load the escalations about the fault."""
    unit.need_subject(fault.fault_id)


@router.subscriber(FAULTS, load=load)
async def handle_fault(fault: SystemFault, unit: UnitOfWork) -> None:
    """Call the duty officers about a raised fault, and end the calls about a cleared one."""
    call_about_fault(fault, unit.engine)
