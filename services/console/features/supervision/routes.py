"""Deadlines that the timers found missed or near."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import alone, span_of
from services.console.features.supervision import queries, views
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.paging import AfterCursor, next_of, position_after
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Status, UnitId

router = APIRouter(prefix="/api")


@router.get("/supervision")
async def get_supervision(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    unit: Annotated[UnitId | None, Query()] = None,
    subtree: Annotated[bool, Query()] = True,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """What the timers found of a unit (default: one's own) with what lies below it, or without, and nobody
    has put right yet, clock by clock.

    `total`: how many entries there are.
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


@router.get("/supervision/units")
async def get_supervised_units(
    console: Deps, viewer: PlaceViewer, status: StatusQuery = Status.ACTUAL
) -> Response:
    """How many assignments of open commands are due soon, overdue or returned: of the officer's own unit
    and of each unit one tier below, all that lies further down counted with it.

    An assignment counts once, as the gravest that timers have said of it: `escalated`, `overdue` and
    `reminded` together are those that are overdue.
    """
    below = console.names.tree.directly_below(viewer.root)
    children = {name: span_of(name) for name in below}
    async with reading(console.database) as connection:
        counted = await queries.by_child(connection, span_of(viewer.root), status, children)
    return as_json({"units": views.supervised_units(viewer.root, below, counted, console.names)})
