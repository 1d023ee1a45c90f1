"""Routes of the unit tree one tier at a time: child units, and the progress of a command."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import span_of
from services.console.features.commands import assignment_queries, counts, drilldown_views
from services.console.features.commands.responses import CommandBelow, UnitsBelow
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.problems import unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier, UnitId
from shared.contracts.ids import assignment_id

router = APIRouter(prefix="/api", tags=["commands"])

Unit = Annotated[UnitId | None, Query()]


@router.get("/units", responses=json_response(UnitsBelow))
async def get_units_below(console: Deps, viewer: PlaceViewer, unit: Unit = None) -> Response:
    """List the units one tier below a unit, and the other ways to select units.

    Without `unit` the list is for the unit of the officer.
    """
    root = console.in_sight(viewer, unit)
    return as_json(drilldown_views.units_view(root, viewer, console.names))


@router.get("/commands/{command_id}/below", responses=json_response(CommandBelow))
async def get_command_below(
    console: Deps, viewer: PlaceViewer, command_id: Identifier, unit: Unit = None
) -> Response:
    """Count the assignments of a command in each unit one tier below a unit.

    A count covers the whole subtree of the unit. `own` is the assignment of `unit` itself; without
    `unit` the response is for the unit of the officer.
    """
    root = console.in_sight(viewer, unit)
    children = {name: span_of(name) for name in console.names.tree.directly_below(root)}
    async with reading(console.database) as connection:
        if await counts.command(connection, command_id) is None:
            raise unknown("command")
        counted = await counts.by_child(connection, command_id, children)
        own = await assignment_queries.assignment(connection, assignment_id(command_id, root))
    return as_json(drilldown_views.below_view(root, own, counted, viewer, console.names))
