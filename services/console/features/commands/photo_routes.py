"""Route of photos that a unit sends with its report."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.console.core import access
from services.console.core.access import sees
from services.console.features.commands import assignment_queries
from services.console.features.photos.queries import PhotoSubject
from services.console.features.photos.receiving import PHOTO_BODY, receive_photo
from services.console.features.photos.responses import StoredPhoto
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.viewers import SignedInViewer
from shared.contracts.assignments import Step
from shared.contracts.fields import Identifier, Status

router = APIRouter(prefix="/api", tags=["commands"])


@router.post(
    "/assignments/{assignment_id}/photos",
    openapi_extra=PHOTO_BODY,
    responses=json_response(StoredPhoto),
)
async def add_photo(
    request: Request,
    console: Deps,
    viewer: SignedInViewer,
    assignment_id: Identifier,
    note: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """Store a photo of the unit for an assignment.

    The file is JPEG, PNG or WebP by its content and is encoded anew; the same file twice is one
    photo.
    """
    async with reading(console.database) as connection:
        assignment = await assignment_queries.assignment(connection, assignment_id)
    if assignment is None:
        raise unknown("assignment")
    if not sees(viewer, assignment["unit"]):
        raise hidden("assignment", assignment["unit"])
    unit, issuer = assignment["unit"], assignment["issuer_unit"]
    acting = console.acting(
        viewer, lambda item: access.may_step(item, unit, issuer, Step.REPORT), unit
    )
    subject = PhotoSubject(
        status=Status(assignment["status"]),
        unit=unit,
        assignment_id=assignment_id,
        command_id=assignment["command_id"],
    )
    return await receive_photo(
        console, acting.officer_id, subject, assignment_id, note, await request.body()
    )
