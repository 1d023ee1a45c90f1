"""Reporting upward 上报: an officer's report, the chain of an incident, who owes what until when."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field, create_model

from services.console.core import access
from services.console.features.reports import actions, queries, views
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.problems import hidden, missing_field, unknown
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import EventType, Identifier, Line, Status, Text, UnitId
from shared.contracts.reports import Means, ReportFacts, ReportKind
from shared.contracts.units import parent_of

router = APIRouter(prefix="/api")

# The contract's own model is strict about Python's types; a body comes as JSON.
_FIELDS: dict[str, Any] = {
    name: (field.annotation, None) for name, field in ReportFacts.model_fields.items()
}
Facts = create_model("Facts", __base__=Body, __doc__=ReportFacts.__doc__, **_FIELDS)


class ReportBody(Body):
    """A report to a unit above, written or by phone (`text` is then what was said).

    `from_unit`: whose report it is, by default one's own; who took a call names the caller's.
    `to_unit`: by default one tier up. `place` and `event_type` may be left out where an alert of the
    incident is known.
    """

    incident_id: Identifier
    kind: ReportKind
    means: Means
    number: Annotated[int, Field(strict=True, ge=1, le=999)] = 1
    from_unit: UnitId | None = None
    to_unit: UnitId | None = None
    place: UnitId | None = None
    event_type: EventType | None = None
    headline: Line
    text: Text = ""
    facts: Facts | None = None
    restricted: Annotated[bool, Field(strict=True)] = False
    status: Status = Status.ACTUAL


@router.post("/reports", status_code=202)
async def report(
    console: Deps, viewer: SignedInViewer, body: ReportBody, key: IdempotencyKey = None
) -> Response:
    """Report upward for one's unit, or write down the call that one has taken."""
    async with reading(console.database) as connection:
        alert = await queries.alert_of(connection, body.incident_id, body.status)
        chain = await queries.reports(connection, body.incident_id, body.status)
    place = body.place or (alert["place"] if alert else None)
    event_type = body.event_type or (alert["event_type"] if alert else None)
    if place is None or event_type is None:
        what = "no alert of this incident is known: say where and what it is"
        raise missing_field("place" if place is None else "event_type", what)
    from_unit = body.from_unit or viewer.unit
    to_unit = body.to_unit or parent_of(from_unit)
    acting = console.acting(
        viewer, lambda item: access.may_report(item, from_unit, to_unit, body.means, place), place
    )
    if body.means is Means.PHONE and not body.text.strip():
        raise missing_field("text", "say what was told on the phone")
    facts = ReportFacts(**body.facts.model_dump(exclude_none=True)) if body.facts else None
    draft = actions.ReportDraft(
        incident_id=body.incident_id,
        status=body.status,
        kind=body.kind,
        means=body.means,
        number=body.number,
        from_unit=from_unit,
        to_unit=to_unit or from_unit,
        place=place,
        event_type=event_type,
        headline=body.headline,
        text=body.text,
        facts=facts,
        restricted=body.restricted,
        trace_id=alert["trace_id"] if alert else None,
    )
    before = [
        record["id"]
        for record in chain
        if (record["from_unit"], record["to_unit"]) == (from_unit, to_unit)
    ]
    return await accept_action(
        console, actions.report(acting, draft, before, key, console.clock.now())
    )


@router.get("/incidents/{incident_id}/reports")
async def get_reports(
    console: Deps, viewer: PlaceViewer, incident_id: Identifier, status: StatusQuery = Status.ACTUAL
) -> Response:
    """The reports of an incident by who reports to whom, with what changed, and their clocks.

    `may`: by which means the officer may report on that line; `may_start`: the line on which his own unit
    has not reported yet, but may.
    """
    async with reading(console.database) as connection:
        alert = await queries.alert_of(connection, incident_id, status)
        reports = await queries.reports(connection, incident_id, status)
        duties = await queries.duties_of(connection, incident_id, status)
        firings = await queries.firings(connection, [duty["duty_id"] for duty in duties])
    heads = [alert] if alert else [*duties, *reports]
    place = heads[0]["place"] if heads else None
    now = console.clock.now()
    result = views.chains(reports, duties, firings, viewer, console.names, now, place)
    if not result and not (alert and access.sees(viewer, alert["place"])):
        raise unknown("incident") if place is None else hidden("incident", place)
    return as_json(
        {
            "incident_id": incident_id,
            "status": status,
            "may_start": views.beginning(viewer, result, console.names, place),
            "chains": result,
        }
    )


@router.get("/reporting")
async def get_reporting(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    only_open: Annotated[bool, Query(alias="open")] = False,
    limit: Limit = 100,
) -> Response:
    """Duties to report of the officer's subtree: due, overdue, met, late, and whom it is calling.

    `summary` counts all of them, `total` tells how many they are; the list ends at `limit`.
    """
    span = access.span_of(viewer.root)
    async with reading(console.database) as connection:
        rows = await queries.duties(connection, span, status, only_open=only_open, limit=limit)
        every = await queries.clocks(connection, span, status, only_open=only_open)
        firings = await queries.firings(connection, [row["duty_id"] for row in every])
    now = console.clock.now()
    found = [views.duty(row, firings, viewer, console.names, now) for row in rows]
    return as_json(
        {
            "now": now,
            "summary": views.summary(every, firings, console.names, now),
            "total": len(every),
            "duties": found,
        }
    )
