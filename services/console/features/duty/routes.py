"""Routes of duty plans: the plan, its gaps, changes, export and import."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import to_json

from services.console.core import access
from services.console.core.access import span_of
from services.console.features.duty import actions, day_views, queries, views
from services.console.features.duty.responses import (
    DutyCalendar,
    DutyPlan,
    ImportedEntries,
    PostGapList,
)
from services.console.features.modes import queries as mode_queries
from services.console.features.modes.views import modes_of
from services.console.store import people
from services.console.store.connections import Connection, reading
from services.console.web.actions import IdempotencyKey, accept_action
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.idempotency import keyed_request
from services.console.web.problems import ApiProblem, unknown
from services.console.web.response_models import file_response, json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.duty import HORIZON_DAYS, DutyEntry, DutyRule
from shared.contracts.fields import Identifier, ResponseMode, Status, UnitId
from shared.contracts.refusals import RefusedFor
from shared.domain.roster import csv_file, ical_file
from shared.domain.roster.day_calendar import DayCalendar
from shared.domain.roster.errors import DutyFileError
from shared.domain.roster.timeline import plan_of, timeline

router = APIRouter(prefix="/api/duty", tags=["duty"])

Unit = Annotated[UnitId, Query()]
_FILES = {"csv": "text/csv; charset=utf-8", "ics": "text/calendar; charset=utf-8"}


def _rule(value: object) -> DutyRule:
    """Return the rule, validated from JSON: strict types accept their wire form from JSON only."""
    return views.RULE.validate_json(to_json(value))


Rule = Annotated[Any, PlainValidator(_rule, json_schema_input_type=DutyRule)]


class DutyEntryBody(BaseModel):
    """An entry of a duty plan.

    `version` is the version that the officer has read, 0 for a new entry.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Rule
    version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0


@router.get("", responses=json_response(DutyPlan))
async def get_duty_plan(
    console: Deps,
    viewer: PlaceViewer,
    unit: Annotated[UnitId | None, Query()] = None,
    days: Annotated[int, Query(ge=1, le=HORIZON_DAYS)] = 7,
) -> Response:
    """Return the duty plan of a unit: the turns at each post, and the entries.

    Without `unit` the plan is that of the unit of the officer.
    """
    of, entries, mode = await _plan_seen(console, viewer, unit)
    plan = plan_of(entries, mode, console.part(DayCalendar))
    now = console.clock.now()
    return as_json(views.plan_view(of, plan, entries, mode, now, days, console.names, viewer))


@router.get("/calendar", responses=json_response(DutyCalendar))
async def get_duty_calendar(
    console: Deps,
    viewer: PlaceViewer,
    unit: Annotated[UnitId | None, Query()] = None,
    weeks: Annotated[int, Query(ge=1, le=4)] = 4,
) -> Response:
    """Return the duty calendar of a unit: the turns of each day, gaps, holidays, one's own turns.

    Without `unit` the calendar is that of the unit of the officer. The turns are those of the
    response mode in force.
    """
    of, entries, mode = await _plan_seen(console, viewer, unit)
    plan = plan_of(entries, mode, console.part(DayCalendar))
    now = console.clock.now()
    return as_json(day_views.calendar_view(of, plan, mode, now, weeks, console.names, viewer))


@router.get("/gaps", responses=json_response(PostGapList))
async def list_duty_gaps(console: Deps, viewer: PlaceViewer) -> Response:
    """List the posts of the subtree with gaps in the next 30 days, the next gap first."""
    async with reading(console.database) as connection:
        rows = await queries.open_coverage(connection, span_of(viewer.root))
    return as_json({"gaps": [views.gap_view(row, console.names) for row in rows]})


@router.put("/entries/{entry_id}", status_code=202, responses=recorded())
async def put_duty_entry(
    console: Deps,
    viewer: SignedInViewer,
    entry_id: Identifier,
    unit: Unit,
    body: DutyEntryBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Add an entry to the plan of a unit, or replace it."""
    acting = _planner(console, viewer, unit)
    await _demand_pageable(console, unit, [body.rule])
    now = console.clock.now()
    return await accept_action(
        console, actions.put(acting, unit, entry_id, body.rule, body.version, now)
    )


@router.post("/entries/{entry_id}/cancel", status_code=202, responses=recorded())
async def cancel_duty_entry(
    console: Deps,
    viewer: SignedInViewer,
    entry_id: Identifier,
    unit: Unit,
    _key: IdempotencyKey = None,
) -> Response:
    """Cancel an entry of the plan of a unit."""
    acting = _planner(console, viewer, unit)
    async with reading(console.database) as connection:
        version = (await queries.versions(connection, unit)).get(entry_id)
    if version is None:
        raise unknown("entry")
    return await accept_action(
        console, actions.cancel(acting, unit, entry_id, version, console.clock.now())
    )


@router.get(
    "/export",
    response_class=Response,
    responses=file_response("The plan as a file.", "text/csv", "text/calendar"),
)
async def export_duty_plan(
    console: Deps,
    viewer: SignedInViewer,
    unit: Unit,
    form: Annotated[Literal["csv", "ics"], Query(alias="format")] = "csv",
) -> Response:
    """Return the plan of a unit as a file.

    CSV contains the entries, iCalendar the turns of 30 days in the mode that applies now. The file
    contains addresses: only officers who may plan receive it.
    """
    _planner(console, viewer, unit)
    async with reading(console.database) as connection:
        entries = views.entries_of(await queries.entries(connection, unit))
        mode = await _mode(connection, unit)
    plan = plan_of(entries, mode, console.part(DayCalendar))
    if form == "csv":
        content = csv_file.write([entry.rule for entry in entries]).encode()
    else:
        now = console.clock.now()
        end = now + timedelta(days=HORIZON_DAYS)
        content = ical_file.write(
            unit,
            console.names.unit(unit),
            {post: timeline(plan, post, now, end) for post in plan.posts},
            {officer: member.officer.name for officer, member in plan.members.items()},
            now,
        )
    headers = {"content-disposition": f'attachment; filename="duty-{unit[:12]}.{form}"'}
    return Response(content, headers=headers, media_type=_FILES[form])


@router.post("/import", status_code=202, responses=recorded(ImportedEntries))
async def import_duty_plan(
    request: Request,
    console: Deps,
    viewer: SignedInViewer,
    unit: Unit,
    form: Annotated[Literal["csv", "ics"], Query(alias="format")] = "csv",
    _key: IdempotencyKey = None,
) -> Response:
    """Add the entries of a file to the plan of a unit.

    Either all entries are added, or none, and each error is named.
    """
    acting = _planner(console, viewer, unit)
    raw = await request.body()
    try:
        rules = await asyncio.to_thread(_rules, form, raw, console.clock.now())
    except UnicodeDecodeError:
        raise _not_taken(["the file is not UTF-8"]) from None
    except DutyFileError as error:
        raise _not_taken(error.problems) from None
    await _demand_pageable(console, unit, rules)
    async with reading(console.database) as connection:
        versions = await queries.versions(connection, unit)
    now = console.clock.now()
    answer = {"entries": len(rules)}
    for remaining, rule in zip(range(len(rules) - 1, -1, -1), rules, strict=True):
        entry_id = actions.entry_id_of(unit, rule)
        act = actions.put(acting, unit, entry_id, rule, versions.get(entry_id, 0), now)
        await console.recorder.record(act, None if remaining else keyed_request(answer))
    return as_json(answer, 202)


def _rules(form: str, raw: bytes, now: datetime) -> list[DutyRule]:
    """Return the entries of a file; raises DutyFileError or UnicodeDecodeError.

    A file of the permitted size takes seconds, so that this runs beside the event loop.
    """
    return csv_file.read(raw.decode()) if form == "csv" else ical_file.read(raw, now)


async def _plan_seen(
    console: ConsoleDeps, viewer: access.Viewer, unit: str | None
) -> tuple[str, list[DutyEntry], ResponseMode]:
    """Return the unit, its entries and its mode; refuses a unit that the viewer does not see."""
    of = unit or viewer.root
    console.demand(None if access.sees(viewer, of) else RefusedFor.OUTSIDE_SUBTREE, of)
    async with reading(console.database) as connection:
        return (
            of,
            views.entries_of(await queries.entries(connection, of)),
            await _mode(connection, of),
        )


async def _mode(connection: Connection, unit: str) -> ResponseMode:
    result = modes_of(await mode_queries.decided(connection, Status.ACTUAL))
    return result.effective(Status.ACTUAL, unit).mode


def _planner(console: ConsoleDeps, viewer: access.Viewer, unit: str) -> access.Viewer:
    return console.acting(viewer, lambda item: access.may_plan_duty(item, unit), unit)


async def _demand_pageable(console: ConsoleDeps, unit: str, rules: Sequence[DutyRule]) -> None:
    """Refuse duty outside the area in which an officer with an account may be paged.

    An officer without an account is known to the roster only, under the unit's responsibility.
    """
    async with reading(console.database) as connection:
        units_by_officer = await people.paged_at(connection, views.people_of(rules))
    for units in units_by_officer.values():
        console.demand(None if access.covers(units, unit) else RefusedFor.NOT_PAGEABLE, unit)


_MOST_WORDS = 300
"""The most characters of an error in a file: it names what the file says."""


def _not_taken(problems: list[str] | tuple[str, ...]) -> ApiProblem:
    errors = [{"where": "file", "what": problem[:_MOST_WORDS]} for problem in problems[:50]]
    return ApiProblem(422, "Nothing of the file was taken", reason="invalid", errors=errors)
