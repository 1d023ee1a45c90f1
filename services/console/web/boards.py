"""Commands and assignments as the board shows them: signed n of N, who is missing, down to units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.console.core import overview, views
from services.console.core.access import Denial, Viewer, may_issue, sees, span_of
from services.console.core.record import Record
from services.console.core.steps import verbs_of_command
from services.console.store import reads, rollup
from services.console.store.connections import reading
from services.console.web.auth import Me
from services.console.web.parts import Console, Parts, as_json
from services.console.web.problems import Refused, unknown
from services.console.web.reads import Cursor, Limit, StatusQuery
from shared.contracts.commands import AssignmentState
from shared.contracts.fields import Identifier, Status, Tier, UnitId

router = APIRouter(prefix="/api")


@router.get("/commands")
async def get_commands(
    console: Parts,
    me: Me,
    status: StatusQuery = Status.ACTUAL,
    only_open: Annotated[bool, Query(alias="open")] = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Commands that concern the officer's subtree, each with its roll-up within it."""
    span = span_of(me.unit)
    async with reading(console.database) as connection:
        rows = await rollup.recent_commands(
            connection, span, status, only_open=only_open, limit=limit
        )
        ids = [row["command_id"] for row in rows]
        counted = await rollup.by_command_and_tier(connection, ids, span)
    return as_json({"commands": [command_view(row, counted, me, console) for row in rows]})


@router.get("/commands/preview")
async def preview(
    console: Parts, me: Me, root: UnitId, tiers: Annotated[list[str], Query(min_length=1)]
) -> Response:
    """How many units a command would reach, by tier; nothing is sent."""
    console.demand(may_issue(me, root))
    by_tier = console.names.count(root, tiers_of(tiers))
    return as_json(
        {
            "root": root,
            "root_name": console.names.unit(root),
            "recipients": sum(by_tier.values()),
            "by_tier": by_tier,
        }
    )


@router.get("/commands/{command_id}")
async def get_command(console: Parts, me: Me, command_id: Identifier) -> Response:
    """One command with its roll-up and the units that are missing."""
    span = span_of(me.unit)
    async with reading(console.database) as connection:
        row = await rollup.command(connection, command_id)
        if row is None:
            raise unknown("command")
        counted = await rollup.by_command_and_tier(connection, [command_id], span)
        if not counted and not sees(me, row["root"]) and not sees(me, row["issuer_unit"]):
            raise unknown("command")
        missing = await rollup.missing(connection, command_id, span, 200)
    return as_json(
        {
            **command_view(row, counted, me, console),
            "instruction": row["instruction"],
            "missing_total": missing[0]["found"] if missing else 0,
            "missing": [views.missing(one, console.names) for one in missing],
        }
    )


def command_view(row: Record, counted: list[Any], me: Viewer, console: Console) -> views.Json:
    """A command with its roll-up per tier and what the officer may do with it."""
    mine = [one for one in counted if one["command_id"] == row["command_id"]]
    by_tier = overview.tiers(mine)
    return {
        **views.command_head(row, console.names),
        "by_tier": by_tier,
        "totals": overview.totals(by_tier),
        "may": verbs_of_command(me, row["state"], row["issuer_unit"]),
    }


@router.get("/assignments")
async def get_assignments(
    console: Parts,
    me: Me,
    unit: Annotated[UnitId | None, Query()] = None,
    command: Annotated[Identifier | None, Query()] = None,
    state: Annotated[AssignmentState | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    only_open: Annotated[bool, Query(alias="open")] = False,
    subtree: Annotated[bool, Query()] = False,
    after: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """Assignments of a unit (default: one's own), by id; `next` is the cursor for `after`."""
    root = unit or me.unit
    console.demand(None if sees(me, root) else Denial.OUTSIDE_SUBTREE)
    async with reading(console.database) as connection:
        rows = await reads.assignments(
            connection,
            span=span_of(root) if subtree else None,
            unit=root,
            command=command,
            state=state,
            only_open=only_open,
            status=status,
            after=after,
            limit=limit,
        )
    return as_json(
        {
            "assignments": [views.assignment(row, me, console.names) for row in rows],
            "next": rows[-1]["assignment_id"] if len(rows) == limit else None,
        }
    )


@router.get("/assignments/{assignment_id}")
async def get_assignment(console: Parts, me: Me, assignment_id: Identifier) -> Response:
    """One assignment with what has been written about it."""
    async with reading(console.database) as connection:
        row = await reads.assignment(connection, assignment_id)
        if row is None or not sees(me, row["unit"]):
            raise unknown("assignment")
        written = await reads.acknowledgements(connection, assignment_id)
    return as_json(
        {
            **views.assignment(row, me, console.names),
            "acknowledgements": [views.acknowledgement(one, console.names) for one in written],
        }
    )


def tiers_of(given: Iterable[str]) -> list[Tier]:
    """Tiers from a repeated or comma-separated parameter; raises Refused 422."""
    words = [word for one in given for word in one.split(",") if word]
    try:
        return [Tier(word) for word in words]
    except ValueError:
        error = {"where": "query.tiers", "what": "unknown tier", "allowed": list(Tier)}
        raise Refused(422, "The request is not valid", reason="invalid", errors=[error]) from None
