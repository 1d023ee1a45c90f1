"""Routes of upward reports 上报: a report, the chain of an incident, duties and deadlines."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field, create_model

from services.console.core import access
from services.console.core.masking import sees_photos
from services.console.features.photos import queries as photo_queries
from services.console.features.photos import views as photo_views
from services.console.features.reports import actions, queries, views
from services.console.features.reports.responses import IncidentReports, ReportDutyList
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.parameters import Limit, StatusQuery
from services.console.web.problems import hidden, missing_field, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import DoorStatus, EventType, Identifier, Line, Status, Text, UnitId
from shared.contracts.reports import Means, ReportFacts, ReportKind
from shared.contracts.units import parent_of

router = APIRouter(prefix="/api", tags=["reports"])

# The contract's model is strict about Python types; a body comes as JSON.
_FIELDS: dict[str, Any] = {
    name: (field.annotation, None) for name, field in ReportFacts.model_fields.items()
}
Facts = create_model("Facts", __base__=Body, __doc__=ReportFacts.__doc__, **_FIELDS)


class UpwardReportBody(Body):
    """A report to a unit above, in writing or by telephone.

    For a call `text` is the content of the call. `from_unit` is the unit that reports, by default
    the unit of the officer; an officer who has taken a call names the unit of the caller. `to_unit`
    is by default one tier up. `place` and `event_type` may be left out if an alert of the incident
    is known.
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
    status: DoorStatus = Status.ACTUAL


@router.post("/reports", status_code=202, responses=recorded())
async def send_report(
    console: Deps, viewer: SignedInViewer, body: UpwardReportBody, key: IdempotencyKey = None
) -> Response:
    """Report upward for a unit, or write down a report by telephone."""
    async with reading(console.database) as connection:
        alert = await queries.alert_of(connection, body.incident_id, body.status)
        chain = await queries.reports(connection, body.incident_id, body.status)
    place = body.place or (alert["place"] if alert else None)
    event_type = body.event_type or (alert["event_type"] if alert else None)
    if place is None or event_type is None:
        problem = "no alert of this incident is known: say where and what it is"
        raise missing_field("place" if place is None else "event_type", problem)
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


@router.get("/incidents/{incident_id}/reports", responses=json_response(IncidentReports))
async def get_incident_reports(
    console: Deps, viewer: PlaceViewer, incident_id: Identifier, status: StatusQuery = Status.ACTUAL
) -> Response:
    """Return the reports of an incident by sender and receiver, with their deadlines.

    `may` names the means by which the officer may report; `may_start` names the units between which
    the unit of the officer may begin to report.
    """
    async with reading(console.database) as connection:
        alert = await queries.alert_of(connection, incident_id, status)
        reports = await queries.reports(connection, incident_id, status)
        duties = await queries.duties_of(connection, incident_id, status)
        firings = await queries.firings(connection, [duty["duty_id"] for duty in duties])
        photos = await photo_queries.of_incident(connection, incident_id, status)
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
            "photos": [
                photo_views.photo(row, console.names)
                for row in photos
                if sees_photos(viewer, row["unit"], restricted=row["restricted"])
            ],
        }
    )


@router.get("/reporting", responses=json_response(ReportDutyList))
async def list_report_duties(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    only_open: Annotated[bool, Query(alias="open")] = False,
    limit: Limit = 100,
) -> Response:
    """List the duties to report of the subtree with the state of their deadlines.

    `summary` and `total` cover all duties; the list ends at `limit`.
    """
    span = access.span_of(viewer.root)
    async with reading(console.database) as connection:
        rows = await queries.duties(connection, span, status, only_open=only_open, limit=limit)
        every = await queries.clocks(connection, span, status, only_open=only_open)
        firings = await queries.firings(connection, [row["duty_id"] for row in every])
    now = console.clock.now()
    duty_views = [views.duty(row, firings, viewer, console.names, now) for row in rows]
    return as_json(
        {
            "now": now,
            "summary": views.summary(every, firings, console.names, now),
            "total": len(every),
            "duties": duty_views,
        }
    )
