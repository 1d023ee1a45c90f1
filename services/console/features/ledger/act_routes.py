"""Routes that ask the ledger for a change, and tell what it has decided.

The console judges the right over the unit that the officer acts for. The ledger judges the act.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from services.console.features.ledger import queries, views
from services.console.features.ledger.actions import catalog_request, keys_of
from services.console.features.ledger.responses import LedgerDecision
from services.console.features.ledger.routes import administered
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.contract_bodies import by_contract
from services.console.web.deps import Deps
from services.console.web.problems import ApiProblem, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.catalog_requests import CatalogAct, PutEntries
from shared.contracts.fields import Identifier, Line, UnitId

router = APIRouter(prefix="/api/ledger", tags=["ledger"])


_Act = Annotated[CatalogAct, Field(discriminator="op")]


class LedgerRequestBody(Body):
    """A change of the ledger; `unit` is the unit whose right the officer uses."""

    act: Annotated[_Act, by_contract(_Act)]
    reason: Annotated[Line, Field(min_length=1)]
    unit: UnitId | None = None
    trial: bool = False


@router.post("/requests", status_code=202, responses=recorded())
async def request_ledger_change(
    console: Deps, viewer: SignedInViewer, body: LedgerRequestBody, _key: IdempotencyKey = None
) -> Response:
    """Ask the ledger for a change, or by `trial` for what the change would do.

    The decision is read by the id of the request.
    """
    unit = administered(console, viewer, body.unit)
    act = body.act
    if isinstance(act, PutEntries) and any(put.entry.kind == "source" for put in act.puts):
        raise ApiProblem(
            422, "The request is not valid", "Sources have a page of their own.", reason="invalid"
        )
    async with reading(console.database) as connection:
        versions = await queries.newest_versions(connection, keys_of(act))
    record = catalog_request(
        viewer, unit, act, body.reason, versions, console.clock.now(), trial=body.trial
    )
    return await accept_action(console, record)


@router.get("/decisions/{request_id}", responses=json_response(LedgerDecision))
async def get_ledger_decision(
    console: Deps, viewer: SignedInViewer, request_id: Identifier
) -> Response:
    """Return the decision of the ledger on a request of the officer, or that it is open."""
    async with reading(console.database) as connection:
        is_own = await queries.is_request_of(connection, request_id, viewer.officer_id)
        row = await queries.decision(connection, request_id)
    if not is_own:
        raise unknown("request")
    return as_json(views.decision(request_id, row))
