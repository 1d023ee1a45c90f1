"""Routes of the warnings of other agencies."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.console.core.access import span_of
from services.console.features.agency_warnings import queries, views
from services.console.features.agency_warnings.responses import (
    AgencyWarningList,
    ProposedCommand,
    ProposedIncident,
)
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.paging import AfterCursor, next_of, position_after
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.problems import hidden
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import Identifier, Status

router = APIRouter(prefix="/api", tags=["agency_warnings"])


@router.get("/warnings", responses=json_response(AgencyWarningList))
async def list_warnings(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """List the warnings of other agencies that hold or will hold, the gravest first.

    A warning is about a part of the subtree or about all of it. It leaves the list at its expiry,
    and when its agency cancels or updates it.
    """
    span = span_of(viewer.root)
    async with reading(console.database) as connection:
        place = position_after(after, queries.GRAVEST)
        rows = await queries.warnings(connection, span, viewer.root, status, place, limit)
        total = await queries.warnings_total(connection, span, viewer.root, status)
    return as_json(
        {
            "warnings": [views.warning(row, viewer, console.names) for row in rows],
            "next": next_of(rows, limit),
            "total": total,
        }
    )


@router.get("/warnings/{warning_id}/command", responses=json_response(ProposedCommand))
async def propose_command(
    console: Deps,
    viewer: SignedInViewer,
    warning_id: Identifier,
    status: StatusQuery = Status.ACTUAL,
) -> Response:
    """Return what a command because of a warning begins with.

    The officer looks at it and issues it with the `warning_id`. A warning that is over, and one
    that gives the officer nothing to command, is not found.
    """
    async with reading(console.database) as connection:
        row = await queries.warning(connection, warning_id, status)
    if row is None or not views.may_command(row, viewer):
        raise hidden("warning", None)
    return as_json(views.proposed_command(row, viewer, console.names))


@router.get("/warnings/{warning_id}/incident", responses=json_response(ProposedIncident))
async def propose_incident(
    console: Deps,
    viewer: SignedInViewer,
    warning_id: Identifier,
    status: StatusQuery = Status.ACTUAL,
) -> Response:
    """Return what a new incident because of a warning begins with.

    The officer looks at it and reports it with the `warning_id`; the report opens an alert to be
    verified. A warning that is over, one that does not concern the officer, and one of a drill is
    not found.
    """
    async with reading(console.database) as connection:
        row = await queries.warning(connection, warning_id, status)
    if row is None or not views.may_report(row, viewer):
        raise hidden("warning", None)
    return as_json(views.proposed_incident(row, viewer, console.names))
