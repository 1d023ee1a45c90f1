"""Cases 案卷: what happened, in order, and how each unit did."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.console.core.access import Viewer, sees, span_of
from services.console.features.cases import evaluation, queries, timeline
from services.console.features.cases.case import Case, is_seen
from services.console.features.cases.evaluation import Evaluation
from services.console.features.commands import counts
from services.console.store.connections import Connection, reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import RequestRefused, hidden, unknown
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier, UnitId
from shared.contracts.refusals import RefusedFor
from shared.domain.csv_cells import guarded

router = APIRouter(prefix="/api")

Slot = Annotated[Literal["60", "300", "3600", "86400"], Query()]
"""Seconds whose facts of one kind and tier are told in one line."""
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/cases/{case_id}/timeline")
async def get_timeline(
    console: Deps,
    viewer: PlaceViewer,
    case_id: Identifier,
    unit: Annotated[UnitId | None, Query()] = None,
    slot: Slot = "60",
    after: Annotated[str, Query(pattern=timeline.CURSOR, max_length=160)] = "",
    limit: Limit = 200,
) -> Response:
    """What happened, oldest first, behind `after`: summed per tier and slot; with `unit` its every fact."""
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
            "title": case.title_for(viewer),
            "lines": [timeline.line(row, case, viewer, console.names) for row in rows],
            "next": timeline.cursor_of(rows[-1]) if len(rows) == limit else None,
        }
    )


@router.get("/cases/{case_id}/evaluation", response_model=None)
async def get_evaluation(
    console: Deps,
    viewer: PlaceViewer,
    case_id: Identifier,
    style: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
    after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=0, le=1_000)] = 200,
) -> Response:
    """How the whole, each tier and each unit did; units behind the first `after` of them. As CSV: all units."""
    async with reading(console.database) as connection:
        case = await visible_case(connection, viewer, case_id)
        result = await evaluated(connection, case, viewer)
    if style == "csv":
        return Response(
            as_csv(case, result, console),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{case_id}.csv"'},
        )
    shown = result.units[after : after + limit]
    more = after + len(shown) < len(result.units)
    return as_json(
        {
            "case_id": case_id,
            "status": case.status,
            "whole": evaluation.group_view(result.whole),
            "by_tier": [
                {"tier": tier, **evaluation.group_view(group_figures)}
                for tier, group_figures in result.by_tier.items()
            ],
            "units": [
                {
                    **evaluation.unit_view(unit_figures),
                    "unit_name": console.names.unit(unit_figures.unit),
                }
                for unit_figures in shown
            ],
            "next": after + len(shown) if shown and more else None,
        }
    )


async def visible_case(connection: Connection, viewer: Viewer, case_id: str) -> Case:
    """The case, when this officer may look at it. Raises Refused 404."""
    case = await queries.case(connection, case_id)
    if case is None:
        raise unknown("case")
    part = await queries.takes_part(connection, case, span_of(viewer.root))
    if not is_seen(viewer, case, takes_part=part):
        raise hidden("case", case.root)
    closed = case.closed_orders(viewer)
    result = await counts.received(connection, closed, span_of(viewer.unit)) if closed else set()
    return replace(case, received=frozenset(result))


async def evaluated(connection: Connection, case: Case, viewer: Viewer) -> Evaluation:
    """The figures of a case within the officer's subtree."""
    rows = await queries.unit_rows(connection, case, span_of(viewer.root))
    return evaluation.evaluate(evaluation.unit_figures(row) for row in rows)


def as_csv(case: Case, found: Evaluation, console: ConsoleDeps) -> str:
    """One line per unit, behind a byte-order mark so that spreadsheets read the Chinese."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("status", "unit_name", *evaluation.UNIT_COLUMNS))
    for unit_figures in found.units:
        cells = (
            case.status,
            console.names.unit(unit_figures.unit),
            *evaluation.unit_view(unit_figures).values(),
        )
        writer.writerow([guarded("" if cell is None else str(cell)) for cell in cells])
    return "\ufeff" + out.getvalue()


def _place(after: str) -> timeline.TimelinePosition | None:
    try:
        return timeline.place_of(after)
    except ValueError:
        raise RequestRefused(
            422, "The request is not valid", "`after` is no cursor.", reason="invalid"
        ) from None
