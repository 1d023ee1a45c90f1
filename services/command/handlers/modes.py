"""Requests of officers about response modes 平急状态: propose, approve, reject, end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from services.command.core.modes.proposal import RefusedProposal
from services.command.core.modes.states import IllegalStep
from services.command.unit_of_work import Stage, UnitOfWork
from shared.contracts.dead_letter import Reason
from shared.contracts.modes import ModeRequest
from shared.contracts.topics import MODE_REQUESTS
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router
from shared.runtime.inbound_messages import InboundMessage

router: Router[UnitOfWork] = Router()


def load(request: ModeRequest, unit: UnitOfWork) -> None:
    """A request needs the mode of its unit and its proposal, if there is such a unit."""
    if request.unit in unit.context.tree:
        unit.modes.need(request.status, request.unit, request.proposal_id)


@router.subscriber(MODE_REQUESTS, load=load, batch=True)
async def handle_mode_requests(
    requests: Sequence[ModeRequest], unit: UnitOfWork, records: Sequence[InboundMessage]
) -> None:
    """Apply the requests behind the proposals of alerts, when the commands are written."""
    now = unit.transaction.now
    for request, record in zip(requests, records, strict=True):
        acted_at = record.acted_at(now) or now
        unit.defer(Stage.MODES, partial(_apply, request, unit, acted_at), request)


async def _apply(request: ModeRequest, unit: UnitOfWork, acted_at: datetime) -> None:
    """Apply a request; raise Reject for one that names no unit or is not possible now."""
    if request.unit not in unit.context.tree:
        raise Reject(Reason.UNKNOWN_SUBJECT, f"no unit {request.unit} in the catalogue")
    try:
        await unit.modes.apply(request, acted_at)
    except IllegalStep as error:
        raise Reject(Reason.NOT_ALLOWED, str(error)) from error
    except RefusedProposal as error:
        raise Reject(error.reason, str(error)) from error
