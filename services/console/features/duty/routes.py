"""Duty plans: who is on, what stands empty, changes, files in and out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import to_json

from services.console.core import access
from services.console.core.access import span_of
from services.console.features.duty import actions, queries, views
from services.console.features.modes import queries as mode_queries
from services.console.features.modes.views import modes_of
from services.console.store import people
from services.console.store.connections import Connection, reading
from services.console.web.actions import IdempotencyKey, accept_action
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.idempotency import keyed_request
from services.console.web.problems import RequestRefused, unknown
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.duty import HORIZON_DAYS, DutyRule
from shared.contracts.fields import Identifier, ResponseMode, Status, UnitId
from shared.contracts.refusals import RefusedFor
from shared.domain.roster import csv_file, ical_file
from shared.domain.roster.errors import DutyFileError
from shared.domain.roster.timeline import plan_of, timeline

router = APIRouter(prefix="/api/duty")

Unit = Annotated[UnitId, Query()]
_FILES = {"csv": "text/csv; charset=utf-8", "ics": "text/calendar; charset=utf-8"}


def _rule(value: object) -> DutyRule:
    """Read again from JSON: the contract's strict types take their wire form from there only."""
    return views.RULE.validate_json(to_json(value))


Rule = Annotated[Any, PlainValidator(_rule, json_schema_input_type=DutyRule)]


class DutyEntryBody(BaseModel):
    """An entry as it is to be; `version` as the officer saw it, 0 for a new one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Rule
    version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0


@router.get("")
async def plan(
    console: Deps,
    viewer: PlaceViewer,
    unit: Annotated[UnitId | None, Query()] = None,
    days: Annotated[int, Query(ge=1, le=HORIZON_DAYS)] = 7,
) -> Response:
    """A unit's plan (default: one's own): who is on at each post, and the entries that say so."""
    of = unit or viewer.root
    console.demand(None if access.sees(viewer, of) else RefusedFor.OUTSIDE_SUBTREE, of)
    async with reading(console.database) as connection:
        rows = await queries.entries(connection, of)
        mode = await _mode(connection, of)
    now = console.clock.now()
    entries = views.entries_of(rows)
    return as_json(views.plan_view(of, entries, mode, now, days, console.names, viewer))


@router.get("/gaps")
async def gaps(console: Deps, viewer: PlaceViewer) -> Response:
    """Posts of one's subtree that stand empty some time in the coming 30 days, the next gap first."""
    async with reading(console.database) as connection:
        rows = await queries.open_coverage(connection, span_of(viewer.root))
    return as_json({"gaps": [views.gap_view(row, console.names) for row in rows]})


@router.put("/entries/{entry_id}", status_code=202)
async def put_entry(
    console: Deps,
    viewer: SignedInViewer,
    entry_id: Identifier,
    unit: Unit,
    body: DutyEntryBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Add or replace an entry of a unit's plan."""
    acting = _planner(console, viewer, unit)
    await _demand_pageable(console, unit, [body.rule])
    now = console.clock.now()
    return await accept_action(
        console, actions.put(acting, unit, entry_id, body.rule, body.version, now)
    )


@router.post("/entries/{entry_id}/cancel", status_code=202)
async def cancel_entry(
    console: Deps,
    viewer: SignedInViewer,
    entry_id: Identifier,
    unit: Unit,
    _key: IdempotencyKey = None,
) -> Response:
    """Take an entry out of a unit's plan."""
    acting = _planner(console, viewer, unit)
    async with reading(console.database) as connection:
        version = (await queries.versions(connection, unit)).get(entry_id)
    if version is None:
        raise unknown("entry")
    return await accept_action(
        console, actions.cancel(acting, unit, entry_id, version, console.clock.now())
    )


@router.get("/export")
async def export(
    console: Deps,
    viewer: SignedInViewer,
    unit: Unit,
    form: Annotated[Literal["csv", "ics"], Query(alias="format")] = "csv",
) -> Response:
    """A unit's plan as a file: its entries as CSV, or who is on for 30 days as iCalendar, in the mode
    that holds now.

    With addresses, so for those who may plan it.
    """
    _planner(console, viewer, unit)
    async with reading(console.database) as connection:
        entries = views.entries_of(await queries.entries(connection, unit))
        mode = await _mode(connection, unit)
    plan = plan_of(entries, mode)
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
    named = {"content-disposition": f'attachment; filename="duty-{unit[:12]}.{form}"'}
    return Response(content, headers=named, media_type=_FILES[form])


@router.post("/import", status_code=202)
async def take_file(
    request: Request,
    console: Deps,
    viewer: SignedInViewer,
    unit: Unit,
    form: Annotated[Literal["csv", "ics"], Query(alias="format")] = "csv",
    _key: IdempotencyKey = None,
) -> Response:
    """Add the entries of a file to a unit's plan: all of them, or none and every problem named."""
    acting = _planner(console, viewer, unit)
    raw = await request.body()
    try:
        rules = csv_file.read(raw.decode()) if form == "csv" else ical_file.read(raw)
    except UnicodeDecodeError:
        raise _not_taken(["the file is not UTF-8"]) from None
    except DutyFileError as error:
        raise _not_taken(error.problems) from None
    await _demand_pageable(console, unit, rules)
    async with reading(console.database) as connection:
        versions = await queries.versions(connection, unit)
    now = console.clock.now()
    answer = {"entries": len(rules)}
    for left, rule in zip(range(len(rules) - 1, -1, -1), rules, strict=True):
        entry_id = actions.entry_id_of(unit, rule)
        act = actions.put(acting, unit, entry_id, rule, versions.get(entry_id, 0), now)
        await console.recorder.record(act, None if left else keyed_request(answer))
    return as_json(answer, 202)


async def _mode(connection: Connection, unit: str) -> ResponseMode:
    result = modes_of(await mode_queries.decided(connection, Status.ACTUAL))
    return result.effective(Status.ACTUAL, unit).mode


def _planner(console: ConsoleDeps, viewer: access.Viewer, unit: str) -> access.Viewer:
    return console.acting(viewer, lambda item: access.may_plan_duty(item, unit), unit)


async def _demand_pageable(console: ConsoleDeps, unit: str, rules: Sequence[DutyRule]) -> None:
    """Nobody with an account is put on duty where the right to be paged does not reach.

    Whoever has none is known to the roster only, which the unit itself answers for.
    """
    async with reading(console.database) as connection:
        known = await people.paged_at(connection, views.people_of(rules))
    for units in known.values():
        console.demand(None if access.covers(units, unit) else RefusedFor.NOT_PAGEABLE, unit)


def _not_taken(problems: list[str] | tuple[str, ...]) -> RequestRefused:
    errors = [{"where": "file", "what": problem} for problem in problems[:50]]
    return RequestRefused(422, "Nothing of the file was taken", reason="invalid", errors=errors)
