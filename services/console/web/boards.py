"""Commands and assignments as the board shows them: signed n of N, who is missing, down to units."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.console.core import order_views, overview, views
from services.console.core.access import Viewer, sees, span_of
from services.console.core.masking import sees_photos
from services.console.core.record import Record
from services.console.core.steps import verbs_of_command
from services.console.store import missing as store_missing
from services.console.store import photos as store_photos
from services.console.store import reads, rollup
from services.console.store.connections import Connection, reading
from services.console.web import orders
from services.console.web.auth import Looker, Me
from services.console.web.paging import After, behind, next_of
from services.console.web.parts import Console, Parts, as_json
from services.console.web.problems import hidden, unknown
from services.console.web.reads import Limit, StatusQuery
from services.console.web.selecting import SelectionBody, reached
from shared.contracts.commands import AssignmentState
from shared.contracts.fields import Identifier, Status, Tier, UnitId
from shared.contracts.units import tier_of
from shared.domain.selection.reach import by_department, digest_of, root_of
from shared.domain.selection.reach import by_tier as by_tier_of

router = APIRouter(prefix="/api")

_WITHOUT_DESK = frozenset({Tier.GRID, Tier.MICROGRID})


@router.get("/commands")
async def get_commands(
    console: Parts,
    me: Looker,
    status: StatusQuery = Status.ACTUAL,
    only_open: Annotated[bool, Query(alias="open")] = False,
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """Commands that concern the officer's subtree, each with its roll-up within it: the open ones, then the
    others, the newest first. `next` is the cursor for `after`."""
    span = span_of(me.root)
    async with reading(console.database) as connection:
        rows = await rollup.recent_commands(
            connection,
            span,
            status,
            only_open=only_open,
            after=behind(after, rollup.NEWEST),
            limit=limit,
        )
        ids = [row["command_id"] for row in rows]
        counted = await rollup.by_command_and_tier(connection, ids, span)
        heads = await orders.heads(connection, rows, me, console.names)
    return as_json(
        {
            "commands": [command_view(head, counted, me) for head in heads],
            "next": next_of(rows, limit),
        }
    )


class Preview(BaseModel):
    """Whom would a command reach? The units one by one after `after`, at most `limit` of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selection: SelectionBody
    after: UnitId | Literal[""] = ""
    limit: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 100


@router.post("/commands/preview")
async def preview(console: Parts, me: Me, body: Preview) -> Response:
    """Every unit a command would reach, by tier and department and in a list; nothing is sent.

    `desks`: of the units that have a duty desk (grids and micro-grids are called through their
    village), how many there are, how many have somebody on duty now, and which have nobody.
    """
    acting, result = reached(console, me, body.selection)
    units = sorted(result)
    root = root_of(units) or acting.unit
    desks = [unit for unit in units if tier_of(unit) not in _WITHOUT_DESK]
    unstaffed = [unit for unit in desks if not console.directory.is_staffed(unit)]
    rest = units[bisect_right(units, body.after) :]
    shown = rest[: body.limit]
    return as_json(
        {
            "root": root,
            "root_name": console.names.unit(root),
            "recipients": len(units),
            "digest": digest_of(units),
            "by_tier": by_tier_of(units),
            "by_department": by_department(units),
            "desks": {
                "total": len(desks),
                "staffed": len(desks) - len(unstaffed),
                "unstaffed": [
                    {"unit": unit, "name": console.names.unit(unit)} for unit in unstaffed[:50]
                ],
            },
            "units": [
                {"unit": unit, "name": console.names.unit(unit), "tier": tier_of(unit)}
                for unit in shown
            ],
            "next": shown[-1] if shown and len(rest) > len(shown) else None,
        }
    )


@router.get("/commands/{command_id}")
async def get_command(console: Parts, me: Looker, command_id: Identifier) -> Response:
    """One command with its roll-up and the units that are missing."""
    span = span_of(me.root)
    async with reading(console.database) as connection:
        row = await rollup.command(connection, command_id)
        if row is None:
            raise unknown("command")
        counted = await rollup.by_command_and_tier(connection, [command_id], span)
        if not counted and not sees(me, row["root"]) and not sees(me, row["issuer_unit"]):
            raise hidden("command", row["root"])
        missing = await store_missing.missing(connection, command_id, span, counted, 200)
        [head] = await orders.heads(connection, [row], me, console.names)
    return as_json(
        {
            **command_view(head, counted, me),
            "instruction": "" if head["masked"] else row["instruction"],
            "missing_total": sum(
                record["unsigned"] + record["overdue_unreported"] for record in counted
            ),
            "missing": [
                order_views.missing(record, row["data_grade"], me, console.names)
                for record in missing
            ],
        }
    )


def command_view(head: views.Json, counted: list[Any], me: Viewer) -> views.Json:
    """A command with its roll-up per tier and what the officer may do with it."""
    mine = [one for one in counted if one["command_id"] == head["command_id"]]
    by_tier = overview.tiers(mine)
    return {
        **head,
        "by_tier": by_tier,
        "totals": overview.totals(by_tier),
        "may": verbs_of_command(me, head["state"], head["issuer_unit"]),
    }


@router.get("/assignments")
async def get_assignments(
    console: Parts,
    me: Looker,
    unit: Annotated[UnitId | None, Query()] = None,
    command: Annotated[Identifier | None, Query()] = None,
    state: Annotated[AssignmentState | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    only_open: Annotated[bool, Query(alias="open")] = False,
    subtree: Annotated[bool, Query()] = False,
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """Assignments of a unit (default: one's own): real before drill, those of a recalled alert first, then
    the gravest, then what is or falls due first. `next` is the cursor for `after`, `total` how many there
    are."""
    root = console.in_sight(me, unit)
    tasks = reads.Tasks(
        unit=root,
        span=span_of(root) if subtree else None,
        command=command,
        state=state,
        only_open=only_open,
        status=status,
    )
    async with reading(console.database) as connection:
        rows = await reads.assignments(connection, tasks, behind(after, reads.TASKS), limit)
        total = await reads.assignments_total(connection, tasks)
        photos = await _photos(connection, me, console, rows)
    return as_json(
        {
            "assignments": [
                {
                    **order_views.assignment(row, me, console.names),
                    "photos": photos.get(row["assignment_id"], []),
                }
                for row in rows
            ],
            "next": next_of(rows, limit),
            "total": total,
        }
    )


@router.get("/assignments/{assignment_id}")
async def get_assignment(console: Parts, me: Looker, assignment_id: Identifier) -> Response:
    """One assignment with what has been written about it."""
    async with reading(console.database) as connection:
        row = await reads.assignment(connection, assignment_id)
        if row is None:
            raise unknown("assignment")
        if not sees(me, row["unit"]):
            raise hidden("assignment", row["unit"])
        written = await reads.acknowledgements(connection, assignment_id)
        photos = await _photos(connection, me, console, [row])
    return as_json(
        {
            **order_views.assignment(row, me, console.names),
            "photos": photos.get(assignment_id, []),
            "acknowledgements": [
                order_views.acknowledgement(record, row, me, console.names) for record in written
            ],
        }
    )


async def _photos(
    connection: Connection, me: Viewer, console: Console, rows: Sequence[Record]
) -> dict[str, list[dict[str, Any]]]:
    """What is known of the photos of these assignments, those that the officer may look at."""
    wanted = [row["assignment_id"] for row in rows if sees_photos(me, row["unit"])]
    results: dict[str, list[dict[str, Any]]] = {}
    for row in await store_photos.of_assignments(connection, wanted) if wanted else ():
        results.setdefault(row["assignment_id"], []).append(views.photo(row, console.names))
    return results
