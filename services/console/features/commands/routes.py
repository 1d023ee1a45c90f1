"""Commands with their counts, and the preview of a command."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.console.core import record
from services.console.core.access import Viewer, sees, span_of
from services.console.core.offers import verbs_of_command
from services.console.features.commands import command_heads, counts, pending_units, totals, views
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.paging import AfterCursor, next_of, position_after
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.problems import hidden, unknown
from services.console.web.responses import as_json
from services.console.web.selecting import SelectionBody, reached
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import Identifier, Status, Tier, UnitId
from shared.contracts.units import tier_of
from shared.domain.selection.reach import by_department, digest_of, root_of
from shared.domain.selection.reach import by_tier as by_tier_of

router = APIRouter(prefix="/api")
_WITHOUT_DESK = frozenset({Tier.GRID, Tier.MICROGRID})


@router.get("/commands")
async def get_commands(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    only_open: Annotated[bool, Query(alias="open")] = False,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """Commands that concern the officer's subtree, each with its roll-up within it: the open ones, then the
    others, the newest first. `next` is the cursor for `after`."""
    span = span_of(viewer.root)
    async with reading(console.database) as connection:
        rows = await counts.recent_commands(
            connection,
            span,
            status,
            only_open=only_open,
            after=position_after(after, counts.NEWEST),
            limit=limit,
        )
        ids = [row["command_id"] for row in rows]
        counted = await counts.by_command_and_tier(connection, ids, span)
        heads = await command_heads.heads(connection, rows, viewer, console.names)
    return as_json(
        {
            "commands": [command_view(head, counted, viewer) for head in heads],
            "next": next_of(rows, limit),
        }
    )


class PreviewBody(BaseModel):
    """Whom would a command reach? The units one by one after `after`, at most `limit` of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selection: SelectionBody
    after: UnitId | Literal[""] = ""
    limit: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 100


@router.post("/commands/preview")
async def preview(console: Deps, viewer: SignedInViewer, body: PreviewBody) -> Response:
    """Every unit a command would reach, by tier and department and in a list; nothing is sent.

    `desks`: of the units that have a duty desk (grids and micro-grids are called through their
    village), how many there are, how many have somebody on duty now, and which have nobody.
    """
    acting, result = reached(console, viewer, body.selection)
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
async def get_command(console: Deps, viewer: PlaceViewer, command_id: Identifier) -> Response:
    """One command with its roll-up and the units that are missing."""
    span = span_of(viewer.root)
    async with reading(console.database) as connection:
        row = await counts.command(connection, command_id)
        if row is None:
            raise unknown("command")
        counted = await counts.by_command_and_tier(connection, [command_id], span)
        if not counted and not sees(viewer, row["root"]) and not sees(viewer, row["issuer_unit"]):
            raise hidden("command", row["root"])
        missing = await pending_units.missing(connection, command_id, span, counted, 200)
        [head] = await command_heads.heads(connection, [row], viewer, console.names)
    return as_json(
        {
            **command_view(head, counted, viewer),
            "instruction": "" if head["masked"] else row["instruction"],
            "missing_total": sum(
                record["unsigned"] + record["overdue_unreported"] for record in counted
            ),
            "missing": [
                views.missing(record, row["data_grade"], viewer, console.names)
                for record in missing
            ],
        }
    )


def command_view(head: record.Json, counted: list[Any], viewer: Viewer) -> record.Json:
    """A command with its roll-up per tier and what the officer may do with it."""
    mine = [one for one in counted if one["command_id"] == head["command_id"]]
    by_tier = totals.tiers(mine)
    return {
        **head,
        "by_tier": by_tier,
        "totals": totals.totals(by_tier),
        "may": verbs_of_command(viewer, head["state"], head["issuer_unit"]),
    }
