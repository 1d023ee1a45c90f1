"""Changes of duty plans, as commanders and their staff ask for them."""

from __future__ import annotations

from services.duty.core.changes import RefusedChange, change
from services.duty.unit_of_work import UnitOfWork
from shared.contracts.duty import DutyRequest
from shared.contracts.topics import DUTY_REQUESTS
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(request: DutyRequest, unit: UnitOfWork) -> None:
    """A request needs the plan of its unit, with the entry that it changes."""
    unit.need_plan(request.unit, request.entry_id)


@router.subscriber(DUTY_REQUESTS, load=load)
async def handle_request(request: DutyRequest, unit: UnitOfWork) -> None:
    """Change the plan of the unit; raises Reject for a change that the plan cannot take."""
    plan = unit.plan(request.unit)
    try:
        entry = change(plan.entries, request, unit.next_place())
    except RefusedChange as refusal:
        raise Reject(refusal.reason, refusal.detail) from refusal
    if entry is not None:
        unit.save_entry(entry, request)
