"""Routes of commands with their counts, and the preview of a command."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.console.core import record
from services.console.core.access import Viewer, sees, span_of
from services.console.core.contacts import contact
from services.console.core.offers import verbs_of_command
from services.console.features.commands import command_heads, counts, pending_units, totals, views
from services.console.features.commands.course import course_view
from services.console.features.commands.course_queries import course
from services.console.features.commands.page_preview_views import WITHOUT_DESK
from services.console.features.commands.responses import (
    CommandCourse,
    CommandDetail,
    CommandList,
    CommandPreview,
)
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.paging import AfterCursor, next_of, position_after
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.selecting import SelectionBody, reached
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import Identifier, Status, UnitId
from shared.contracts.units import is_within, tier_of
from shared.domain.selection.reach import by_department, digest_of, root_of
from shared.domain.selection.reach import by_tier as by_tier_of

router = APIRouter(prefix="/api", tags=["commands"])


@router.get("/commands", responses=json_response(CommandList))
async def list_commands(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    only_open: Annotated[bool, Query(alias="open")] = False,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """List the commands that concern the subtree, open commands by urgency, then the newest.

    The counts of a command cover the subtree of the officer.
    """
    span = span_of(viewer.root)
    async with reading(console.database) as connection:
        rows = await counts.recent_commands(
            connection,
            span,
            status,
            only_open=only_open,
            after=position_after(after, counts.COMMAND_ORDER),
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
    """The selections of a command, and the page of the list of units.

    `assist` are the assisting units. The list has the units after `after`, at most `limit` of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    selection: SelectionBody
    assist: SelectionBody | None = None
    after: UnitId | Literal[""] = ""
    limit: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 100


@router.post("/commands/preview", responses=json_response(CommandPreview))
async def preview_command(console: Deps, viewer: SignedInViewer, body: PreviewBody) -> Response:
    """List the units that a command would reach; nothing is sent.

    `desks` counts the units with a duty desk (grids and micro-grids are called through their
    village): how many there are, how many have an officer on duty, and which have none.
    """
    acting, reach = reached(console, viewer, body.selection, body.assist)
    units = sorted(reach.units)
    root = root_of(units) or acting.unit
    desks = [unit for unit in units if tier_of(unit) not in WITHOUT_DESK]
    unstaffed = [unit for unit in desks if not console.directory.is_staffed(unit)]
    remaining = units[bisect_right(units, body.after) :]
    page = remaining[: body.limit]
    return as_json(
        {
            "root": root,
            "root_name": console.names.unit(root),
            "recipients": len(units),
            "assisting": len(reach.assists),
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
                {
                    "unit": unit,
                    "name": console.names.unit(unit),
                    "tier": tier_of(unit),
                    "assists": unit in reach.assists,
                }
                for unit in page
            ],
            "next": page[-1] if page and len(remaining) > len(page) else None,
        }
    )


@router.get("/commands/{command_id}", responses=json_response(CommandDetail))
async def get_command(console: Deps, viewer: PlaceViewer, command_id: Identifier) -> Response:
    """Return one command with its counts and the units that are pending."""
    span = span_of(viewer.root)
    async with reading(console.database) as connection:
        row = await counts.command(connection, command_id)
        if row is None:
            raise unknown("command")
        counted = await counts.by_command_and_tier(connection, [command_id], span)
        if not counted and not sees(viewer, row["root"]) and not sees(viewer, row["issuer_unit"]):
            raise hidden("command", row["root"])
        pending = await pending_units.pending(connection, command_id, span, counted, 200)
        [head] = await command_heads.heads(connection, [row], viewer, console.names)
    return as_json(
        {
            **command_view(head, counted, viewer),
            "instruction": "" if head["masked"] else row["instruction"],
            "missing_total": sum(
                record["unsigned"] + record["overdue_unreported"] for record in counted
            ),
            "missing": [
                {
                    **views.pending_unit(record, row["data_grade"], viewer, console.names),
                    "contact": contact(record["unit"], viewer, console.directory, console.names),
                }
                for record in pending
            ],
        }
    )


@router.get("/commands/{command_id}/course", responses=json_response(CommandCourse))
async def get_command_course(
    console: Deps, viewer: PlaceViewer, command_id: Identifier
) -> Response:
    """Return how many units of the subtree had signed and reported, over time."""
    span = span_of(viewer.root)
    async with reading(console.database) as connection:
        row = await counts.command(connection, command_id)
        if row is None:
            raise unknown("command")
        result = await course(connection, [command_id], span, row["occurred_at"])
        if (
            not result.total
            and not sees(viewer, row["root"])
            and not sees(viewer, row["issuer_unit"])
        ):
            raise hidden("command", row["root"])
    return as_json(course_view(result))


def command_view(head: record.Json, counted: list[Any], viewer: Viewer) -> record.Json:
    """Return a command with its counts per tier and the verbs offered to the officer."""
    rows = [row for row in counted if row["command_id"] == head["command_id"]]
    by_tier = totals.tiers(rows)
    return {
        **head,
        "by_tier": by_tier,
        "totals": totals.totals(by_tier),
        "may": verbs_of_command(viewer, head["state"], head["issuer_unit"]),
        "first_unit": head["root"] if is_within(head["root"], viewer.root) else viewer.root,
    }
