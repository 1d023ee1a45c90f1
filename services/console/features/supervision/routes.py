"""Routes of deadlines that are missed or near."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import alone, span_of
from services.console.features.supervision import queries, views
from services.console.features.supervision.responses import SupervisedUnitList, SupervisionList
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.paging import AfterCursor, next_of, position_after
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Status, UnitId

router = APIRouter(prefix="/api", tags=["supervision"])


@router.get("/supervision", responses=json_response(SupervisionList))
async def list_supervision(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    unit: Annotated[UnitId | None, Query()] = None,
    subtree: Annotated[bool, Query()] = True,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """List the deadlines that are missed or near, clock by clock.

    The list is for a unit (without `unit`: that of the officer) and its subtree, or with
    `subtree=false` for the unit alone. `total` is the number of entries.
    """
    root = console.in_sight(viewer, unit)
    span = span_of(root) if subtree else alone(root)
    async with reading(console.database) as connection:
        place = position_after(after, queries.GRAVEST)
        rows = await queries.supervised(connection, span, status, place, limit)
        total = await queries.total(connection, span, status)
    return as_json(
        {
            "supervision": [views.supervision(row, viewer, console.names) for row in rows],
            "next": next_of(rows, limit),
            "total": total,
        }
    )


@router.get("/supervision/units", responses=json_response(SupervisedUnitList))
async def list_supervised_units(
    console: Deps, viewer: PlaceViewer, status: StatusQuery = Status.ACTUAL
) -> Response:
    """Count the assignments that are due soon, overdue or returned, by unit.

    The units are that of the officer and those one tier below, each with its subtree. An assignment
    counts once, in the gravest of its states: `escalated`, `overdue` and `reminded` together are
    the overdue assignments.
    """
    below = console.names.tree.directly_below(viewer.root)
    children = {name: span_of(name) for name in below}
    async with reading(console.database) as connection:
        counted = await queries.by_child(connection, span_of(viewer.root), status, children)
    return as_json({"units": views.supervised_units(viewer.root, below, counted, console.names)})
