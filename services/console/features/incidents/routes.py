"""Routes of new incidents: the report of an officer, and the photos of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from services.console.core import access
from services.console.features.agency_warnings.grading import grade_of_warning
from services.console.features.agency_warnings.views import may_report
from services.console.features.incidents import actions
from services.console.features.incidents.responses import RecordedIncident
from services.console.features.photos.queries import PhotoSubject
from services.console.features.photos.receiving import PHOTO_BODY, receive_photo
from services.console.features.photos.responses import StoredPhoto
from services.console.store.action_log import action_value
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.problems import missing_field, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import EventType, Identifier, Line, Position, Status, Text, UnitId
from shared.contracts.reports import Report

router = APIRouter(prefix="/api", tags=["incidents"])


class PositionBody(Body):
    """A point on a map or the position of a phone, in degrees of WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class IncidentBody(Body):
    """A new incident: kind of event, place, words.

    `draft_id` is the device's own id of the incident, under which it sends the photos; by default
    the idempotency key. Without `place` the town at the `position` is the place. With `warning_id`
    the officer reports because of a warning of another agency that is not over.
    """

    draft_id: Identifier | None = None
    event_type: EventType
    place: UnitId | None = None
    position: PositionBody | None = None
    headline: Line
    text: Text = ""
    restricted: Annotated[bool, Field(strict=True)] = False
    warning_id: Identifier | None = None


@router.post("/incidents", status_code=202, responses=recorded(RecordedIncident))
async def report_incident(
    console: Deps, viewer: SignedInViewer, body: IncidentBody, key: IdempotencyKey = None
) -> Response:
    """Report a new incident. It opens an alert to be verified, or joins the open one."""
    position = (
        None if body.position is None else Position(lat=body.position.lat, lon=body.position.lon)
    )
    if body.place is not None:
        place = body.place
    elif position is not None:
        place = console.names.place_at(position, viewer.unit)
    else:
        raise missing_field("place", "name a unit, or send a position")
    acting = console.acting(viewer, lambda item: access.may_report_incident(item, place), place)
    if place not in console.names.tree:
        raise unknown("unit")
    grade = await grade_of_warning(
        console, body.warning_id, Status.ACTUAL, lambda row: may_report(row, viewer)
    )
    draft = actions.IncidentDraft(
        draft_id=body.draft_id or key,
        event_type=body.event_type,
        place=place,
        position=position,
        headline=body.headline,
        text=body.text,
        restricted=body.restricted,
        warning_id=body.warning_id,
        grade=grade,
    )
    act = actions.incident(acting, draft, console.clock.now())
    assert isinstance(act.message, Report)
    return await accept_action(
        console,
        act,
        incident_id=act.key,
        place=place,
        place_name=console.names.unit(place),
        restricted=act.message.restricted,
    )


@router.post(
    "/incidents/drafts/{draft_id}/photos",
    openapi_extra=PHOTO_BODY,
    responses=json_response(StoredPhoto),
)
async def add_photo_of_incident(
    request: Request,
    console: Deps,
    viewer: SignedInViewer,
    draft_id: Identifier,
    note: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """Store a photo of an incident that the officer has reported under this draft id."""
    report_id = actions.report_id_of(viewer.officer_id, draft_id)
    async with reading(console.database) as connection:
        value = await action_value(connection, report_id)
    if value is None:
        raise unknown("incident")
    report = Report.from_wire(value)
    subject = PhotoSubject(
        status=report.status,
        unit=report.place,
        incident_id=report.incident_id,
        restricted=report.restricted,
    )
    return await receive_photo(
        console, viewer.officer_id, subject, report_id, note, await request.body()
    )
