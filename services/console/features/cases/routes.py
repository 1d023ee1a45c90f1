"""Routes of a case 案卷: the timeline and the evaluation of units."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.console.core.access import Viewer, sees, span_of
from services.console.features.cases import evaluation, queries, timeline
from services.console.features.cases.case import CaseFile, is_seen
from services.console.features.cases.evaluation import Evaluation
from services.console.features.cases.responses import CaseEvaluation, CaseTimeline
from services.console.features.commands import counts
from services.console.features.commands.course import course_view
from services.console.features.commands.course_queries import course
from services.console.features.commands.responses import CommandCourse
from services.console.store.connections import Connection, reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import ApiProblem, hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier, UnitId
from shared.contracts.refusals import RefusedFor
from shared.domain.csv_cells import guard_cell

router = APIRouter(prefix="/api", tags=["cases"])

Slot = Annotated[Literal["60", "300", "3600", "86400"], Query()]
"""Width in seconds of a time slot; a line sums the facts of a kind and tier within a slot."""
Limit = Annotated[int, Query(ge=1, le=500)]
_EVALUATION = json_response(CaseEvaluation)
_EVALUATION[200]["content"] = {"text/csv": {"schema": {"type": "string"}}}


@router.get("/cases/{case_id}/timeline", responses=json_response(CaseTimeline))
async def get_case_timeline(
    console: Deps,
    viewer: PlaceViewer,
    case_id: Identifier,
    unit: Annotated[UnitId | None, Query()] = None,
    slot: Slot = "60",
    after: Annotated[str, Query(pattern=timeline.CURSOR, max_length=160)] = "",
    limit: Limit = 200,
) -> Response:
    """Return the facts of a case, the oldest first.

    Facts of one kind, tier and slot are one line; with `unit` each fact of that unit is one line.
    """
    place = _place(after)
    async with reading(console.database) as connection:
        case = await visible_case(connection, viewer, case_id)
        if unit is None:
            rows = await queries.lines(
                connection, case, span_of(viewer.root), slot_s=int(slot), after=place, limit=limit
            )
        else:
            console.demand(None if sees(viewer, unit) else RefusedFor.OUTSIDE_SUBTREE, unit)
            rows = await queries.facts_of_unit(connection, case, unit, after=place, limit=limit)
    return as_json(
        {
            "case_id": case_id,
            "status": case.status,
            "title": case.title_for(viewer, console.names),
            "lines": [timeline.line(row, case, viewer, console.names) for row in rows],
            "next": timeline.cursor_of(rows[-1]) if len(rows) == limit else None,
        }
    )


@router.get("/cases/{case_id}/course", responses=json_response(CommandCourse))
async def get_case_course(console: Deps, viewer: PlaceViewer, case_id: Identifier) -> Response:
    """Return how many units of the subtree had signed and reported in a case, over time."""
    async with reading(console.database) as connection:
        case = await visible_case(connection, viewer, case_id)
        begin = min((command["occurred_at"] for command in case.commands), default=case.ended_at)
        result = await course(connection, case.command_ids, span_of(viewer.root), begin)
    return as_json(course_view(result))


@router.get("/cases/{case_id}/evaluation", responses=_EVALUATION)
async def get_case_evaluation(
    console: Deps,
    viewer: PlaceViewer,
    case_id: Identifier,
    style: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
    after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=0, le=1_000)] = 200,
) -> Response:
    """Return the evaluation of a case: all units, each tier, each unit.

    `after` and `limit` apply to the units. The CSV file contains all units.
    """
    async with reading(console.database) as connection:
        case = await visible_case(connection, viewer, case_id)
        result = await evaluated(connection, case, viewer)
    if style == "csv":
        return Response(
            as_csv(case, result, console),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{case_id}.csv"'},
        )
    page = result.units[after : after + limit]
    more = after + len(page) < len(result.units)
    return as_json(
        {
            "case_id": case_id,
            "status": case.status,
            "whole": evaluation.group_view(result.total),
            "by_tier": [
                {"tier": tier, **evaluation.group_view(group_figures)}
                for tier, group_figures in result.by_tier.items()
            ],
            "units": [
                {
                    **evaluation.unit_view(unit_figures),
                    "unit_name": console.names.unit(unit_figures.unit),
                }
                for unit_figures in page
            ],
            "next": after + len(page) if page and more else None,
        }
    )


async def visible_case(connection: Connection, viewer: Viewer, case_id: str) -> CaseFile:
    """Return the case if visible to the officer. Raises RequestRefused 404."""
    case = await queries.case(connection, case_id)
    if case is None:
        raise unknown("case")
    part = await queries.takes_part(connection, case, span_of(viewer.root))
    if not is_seen(viewer, case, takes_part=part):
        raise hidden("case", case.root)
    closed = case.closed_orders(viewer)
    result = await counts.received(connection, closed, span_of(viewer.unit)) if closed else set()
    return replace(case, received=frozenset(result))


async def evaluated(connection: Connection, case: CaseFile, viewer: Viewer) -> Evaluation:
    """Return the figures of a case within the officer's subtree."""
    rows = await queries.unit_rows(connection, case, span_of(viewer.root))
    return evaluation.evaluate(evaluation.unit_figures(row) for row in rows)


def as_csv(case: CaseFile, figures: Evaluation, console: ConsoleDeps) -> str:
    """Return a CSV line per unit, after a byte-order mark for Chinese text in spreadsheets."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("status", "unit_name", *evaluation.UNIT_COLUMNS))
    for unit_figures in figures.units:
        cells = (
            case.status,
            console.names.unit(unit_figures.unit),
            *evaluation.unit_view(unit_figures).values(),
        )
        writer.writerow([guard_cell("" if cell is None else str(cell)) for cell in cells])
    return "\ufeff" + out.getvalue()


def _place(after: str) -> timeline.TimelinePosition | None:
    try:
        return timeline.place_of(after)
    except ValueError:
        raise ApiProblem(
            422, "The request is not valid", "`after` is no cursor.", reason="invalid"
        ) from None
