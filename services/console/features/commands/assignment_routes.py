"""Routes of assignments and of their acknowledgements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.console.core.access import Viewer, sees, span_of
from services.console.core.contacts import contact
from services.console.core.masking import sees_photos
from services.console.core.record import OutgoingRecord
from services.console.features.commands import assignment_queries, views
from services.console.features.commands.responses import AssignmentDetail, AssignmentList
from services.console.features.photos import queries as photo_queries
from services.console.features.photos import views as photo_views
from services.console.store.connections import Connection, reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.paging import AfterCursor, next_of, position_after
from services.console.web.parameters import Limit
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Identifier, Status, UnitId

router = APIRouter(prefix="/api", tags=["commands"])


@router.get("/assignments", responses=json_response(AssignmentList))
async def list_assignments(
    console: Deps,
    viewer: PlaceViewer,
    unit: Annotated[UnitId | None, Query()] = None,
    command: Annotated[Identifier | None, Query()] = None,
    state: Annotated[AssignmentState | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    only_open: Annotated[bool, Query(alias="open")] = False,
    subtree: Annotated[bool, Query()] = False,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """List the assignments of a unit, the most urgent first.

    Real assignments come before those of drills, then assignments of a recalled alert, then by
    level and deadline. Without `unit` the list is for the unit of the officer.
    """
    root = console.in_sight(viewer, unit)
    tasks = assignment_queries.AssignmentQuery(
        unit=root,
        span=span_of(root) if subtree else None,
        command=command,
        state=state,
        only_open=only_open,
        status=status,
    )
    async with reading(console.database) as connection:
        rows = await assignment_queries.assignments(
            connection, tasks, position_after(after, assignment_queries.ASSIGNMENT_ORDER), limit
        )
        total = await assignment_queries.assignments_total(connection, tasks)
        photos = await _photos(connection, viewer, console, rows)
    return as_json(
        {
            "assignments": [
                {
                    **views.assignment(row, viewer, console.names),
                    "photos": photos.get(row["assignment_id"], []),
                    "contact": contact(row["unit"], viewer, console.directory, console.names),
                }
                for row in rows
            ],
            "next": next_of(rows, limit),
            "total": total,
        }
    )


@router.get("/assignments/{assignment_id}", responses=json_response(AssignmentDetail))
async def get_assignment(console: Deps, viewer: PlaceViewer, assignment_id: Identifier) -> Response:
    """Return one assignment with the steps that were taken on it."""
    async with reading(console.database) as connection:
        row = await assignment_queries.assignment(connection, assignment_id)
        if row is None:
            raise unknown("assignment")
        if not sees(viewer, row["unit"]):
            raise hidden("assignment", row["unit"])
        written = await assignment_queries.acknowledgements(connection, assignment_id)
        photos = await _photos(connection, viewer, console, [row])
    return as_json(
        {
            **views.assignment(row, viewer, console.names),
            "photos": photos.get(assignment_id, []),
            "contact": contact(row["unit"], viewer, console.directory, console.names),
            "acknowledgements": [
                views.acknowledgement(record, row, viewer, console.names) for record in written
            ],
        }
    )


async def _photos(
    connection: Connection, viewer: Viewer, console: ConsoleDeps, rows: Sequence[OutgoingRecord]
) -> dict[str, list[dict[str, Any]]]:
    """Return the photos of these assignments that are open to the officer."""
    assignment_ids = [row["assignment_id"] for row in rows if sees_photos(viewer, row["unit"])]
    results: dict[str, list[dict[str, Any]]] = {}
    for row in (
        await photo_queries.of_assignments(connection, assignment_ids) if assignment_ids else ()
    ):
        results.setdefault(row["assignment_id"], []).append(photo_views.photo(row, console.names))
    return results
