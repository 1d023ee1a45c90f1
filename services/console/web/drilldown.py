"""The unit tree one step at a time: what lies below a unit, and how far a command has come there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core import drilldown
from services.console.core.access import span_of
from services.console.store import reads, rollup
from services.console.store.connections import reading
from services.console.web.auth import Looker
from services.console.web.parts import Parts, as_json
from services.console.web.problems import unknown
from shared.contracts.fields import Identifier, UnitId
from shared.contracts.ids import assignment_id

router = APIRouter(prefix="/api")

Unit = Annotated[UnitId | None, Query()]


@router.get("/units")
async def get_units(console: Parts, me: Looker, unit: Unit = None) -> Response:
    """What lies one tier below a unit (default: one's own) and by what else units can be chosen."""
    root = console.in_sight(me, unit)
    return as_json(drilldown.units_view(root, me, console.names))


@router.get("/commands/{command_id}/below")
async def get_below(
    console: Parts, me: Looker, command_id: Identifier, unit: Unit = None
) -> Response:
    """How far a command has come in each unit one tier below `unit` (default: one's own), all that
    lies further down counted with it, and what `unit` itself has to do."""
    root = console.in_sight(me, unit)
    children = {name: span_of(name) for name in console.names.tree.directly_below(root)}
    async with reading(console.database) as connection:
        if await rollup.command(connection, command_id) is None:
            raise unknown("command")
        counted = await rollup.by_child(connection, command_id, children)
        own = await reads.assignment(connection, assignment_id(command_id, root))
    return as_json(drilldown.below_view(root, own, counted, me, console.names))
