"""The weekly report of a place as PDF."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import Viewer, span_of
from services.console.features.cases.exports import words
from services.console.features.cases.printing.html_file import POLICY
from services.console.features.cases.printing.pdf_file import pdf_file
from services.console.features.cases.printing.print_turn import PrintTurn
from services.console.features.commands import command_heads, counts, totals
from services.console.features.load import queries, views, week_queries
from services.console.features.load.week_report import Week, WeekFacts, week_dossier, week_of
from services.console.store import people
from services.console.store.connections import Connection, reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.parameters import StatusQuery
from services.console.web.problems import ApiProblem
from services.console.web.response_models import file_response
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Status

router = APIRouter(prefix="/api", tags=["load"])

_MOST_COMMANDS = 60
_MOST_UNITS = 100
_MOST_OFFICERS = 100


@router.get(
    "/load/weekly",
    response_class=Response,
    responses=file_response("The weekly report as a file.", "application/pdf"),
)
async def get_weekly_report(
    console: Deps,
    viewer: PlaceViewer,
    week: Annotated[str, Query(pattern=r"^20[0-9]{2}-W[0-5][0-9]$")],
    status: StatusQuery = Status.ACTUAL,
) -> Response:
    """Return the report of a subtree and a week of ISO 8601 (`2026-W49`), in China's time.

    It contains the load, the alarms by kind and level, the first 60 commands with their signing
    times, the units that missed a deadline, and the pages of officers as in `/api/load`.
    """
    try:
        period = week_of(week)
    except ValueError:
        raise ApiProblem(
            422, "The request is not valid", "There is no such week.", reason="invalid"
        ) from None
    async with reading(console.database) as connection:
        facts = await _facts(connection, console, viewer, period, status)
    now = console.clock.now()
    file = week_dossier(period, viewer.root, status, facts, words(), console.names, viewer, now)
    async with console.part(PrintTurn):
        content = await asyncio.to_thread(pdf_file, file, now)
    name = f"{viewer.root.replace('/', '-')}-{week}.pdf"
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "content-security-policy": f"{POLICY}; sandbox",
        },
    )


async def _facts(
    connection: Connection, console: ConsoleDeps, viewer: Viewer, week: Week, status: Status
) -> WeekFacts:
    root, span = viewer.root, span_of(viewer.root)
    days = (week.first, week.last)
    officer_id = None if views.sees_all_officers(viewer) else viewer.officer_id
    rows = await queries.by_day(connection, root, status, *days)
    pages = await queries.by_officer(connection, span, status, *days, officer_id, _MOST_OFFICERS)
    officer_names = await people.names_of(
        connection, console.directory, [row["officer_id"] for row in pages]
    )
    commands = await week_queries.commands(
        connection, span, status, week.begin, week.end, _MOST_COMMANDS
    )
    heads = await command_heads.heads(connection, commands, viewer, console.names)
    ids = [command["command_id"] for command in commands]
    units = await week_queries.missed_by_unit(connection, ids, span, status, _MOST_UNITS)
    by_tier = await counts.by_command_and_tier(connection, ids, span)
    return WeekFacts(
        load=views.load_of(rows, views.days_between(*days)),
        since=await queries.first_day(connection, root, status),
        officers=await queries.officers_by_day(connection, span, status, *days),
        pages=[views.officer_view(row, viewer, officer_names, console.names) for row in pages],
        commands=[
            {**head, "issued_at": row["occurred_at"]}
            for head, row in zip(heads, commands, strict=True)
        ],
        command_count=commands[0]["commands"] if commands else 0,
        assignments={
            name: totals.totals(totals.tiers([row for row in by_tier if row["command_id"] == name]))
            for name in ids
        },
        signing_s=await week_queries.signing_times(connection, ids, span),
        missed=await week_queries.missed_by_command(connection, ids, span, status),
        units=units,
        unit_count=units[0]["units"] if units else 0,
    )
