"""Changes of the ledger, as officers ask for them."""

from __future__ import annotations

from services.catalog.core.decisions import decide
from services.catalog.unit_of_work import UnitOfWork
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.topics import CATALOG_REQUESTS
from shared.runtime.errors import Reject
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(request: CatalogRequest, unit: UnitOfWork) -> None:
    """A request needs the entries that it names, and those around them."""
    unit.need(request)


@router.subscriber(CATALOG_REQUESTS, load=load)
async def handle_request(request: CatalogRequest, unit: UnitOfWork) -> None:
    """Change the ledger, or say what a trial would change; raises Reject for a refused change."""
    decision = decide(unit.ledger, request, unit.now)
    unit.note(decision)
    if request.trial:
        return
    for refusal in decision.refusals:
        raise Reject(refusal.reason, refusal.detail) from refusal
    unit.save_versions(decision.versions, request)
