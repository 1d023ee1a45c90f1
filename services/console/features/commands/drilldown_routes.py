"""The unit tree one step at a time: what lies below a unit, and how far a command has come there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import span_of
from services.console.features.commands import assignment_queries, counts, drilldown_views
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.problems import unknown
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier, UnitId
from shared.contracts.ids import assignment_id

router = APIRouter(prefix="/api")

Unit = Annotated[UnitId | None, Query()]


@router.get("/units")
async def get_units(console: Deps, viewer: PlaceViewer, unit: Unit = None) -> Response:
    """What lies one tier below a unit (default: one's own) and by what else units can be chosen."""
    root = console.in_sight(viewer, unit)
    return as_json(drilldown_views.units_view(root, viewer, console.names))


@router.get("/commands/{command_id}/below")
async def get_below(
    console: Deps, viewer: PlaceViewer, command_id: Identifier, unit: Unit = None
) -> Response:
    """How far a command has come in each unit one tier below `unit` (default: one's own), all that
    lies further down counted with it, and what `unit` itself has to do."""
    root = console.in_sight(viewer, unit)
    children = {name: span_of(name) for name in console.names.tree.directly_below(root)}
    async with reading(console.database) as connection:
        if await counts.command(connection, command_id) is None:
            raise unknown("command")
        counted = await counts.by_child(connection, command_id, children)
        own = await assignment_queries.assignment(connection, assignment_id(command_id, root))
    return as_json(drilldown_views.below_view(root, own, counted, viewer, console.names))
