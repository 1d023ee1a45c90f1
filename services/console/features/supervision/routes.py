"""Routes of assignments whose deadlines are missed or near."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import alone, span_of
from services.console.core.offers import verbs_of_command
from services.console.features.commands import command_heads
from services.console.features.supervision import queries, views
from services.console.features.supervision.responses import (
    SupervisedCommandList,
    SupervisedUnitList,
    SupervisionList,
)
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.paging import AfterCursor, next_of, position_after
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier, Status, UnitId

router = APIRouter(prefix="/api", tags=["supervision"])


@router.get("/supervision", responses=json_response(SupervisionList))
async def list_supervision(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    unit: Annotated[UnitId | None, Query()] = None,
    subtree: Annotated[bool, Query()] = True,
    command: Annotated[Identifier | None, Query()] = None,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """List the assignments whose deadline is missed or near, each once, the gravest first.

    The list is for a unit (without `unit`: that of the officer) and its subtree, or with
    `subtree=false` for the unit alone; with `command` for that command alone. `total` is the number
    of entries.
    """
    root = console.in_sight(viewer, unit)
    span = span_of(root) if subtree else alone(root)
    async with reading(console.database) as connection:
        place = position_after(after, queries.GRAVEST)
        rows = await queries.supervised(connection, span, status, command, place, limit)
        total = await queries.total(connection, span, status, command)
    return as_json(
        {
            "supervision": [
                views.supervision(row, viewer, console.directory, console.names) for row in rows
            ],
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


@router.get("/supervision/commands", responses=json_response(SupervisedCommandList))
async def list_supervised_commands(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    unit: Annotated[UnitId | None, Query()] = None,
    subtree: Annotated[bool, Query()] = True,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """List the open commands with assignments that are due soon, overdue or returned.

    The most urgent command comes first. The counts cover a unit (without `unit`: that of the
    officer) and its subtree, or with `subtree=false` the unit alone.
    """
    root = console.in_sight(viewer, unit)
    span = span_of(root) if subtree else alone(root)
    async with reading(console.database) as connection:
        place = position_after(after, queries.URGENT)
        rows = await queries.by_command(connection, span, status, place, limit)
        heads = await command_heads.heads(connection, rows, viewer, console.names)
    return as_json(
        {
            "commands": [
                {
                    **views.supervised_command(head, row),
                    "may": verbs_of_command(viewer, row["state"], row["issuer_unit"]),
                }
                for head, row in zip(heads, rows, strict=True)
            ],
            "next": next_of(rows, limit),
        }
    )
