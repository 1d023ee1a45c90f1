"""Route of photos that a unit sends with its report."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.console.core import access
from services.console.core.access import sees
from services.console.features.commands import assignment_queries
from services.console.features.photos import queries as photo_queries
from services.console.features.photos.drawing import MOST_PIXELS, NotAPhoto
from services.console.features.photos.pictures import Pictures
from services.console.features.photos.responses import StoredPhoto
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.guard import MAX_PHOTO_BYTES
from services.console.web.problems import RequestRefused, hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.commands import Step
from shared.contracts.fields import Identifier
from shared.contracts.ids import content_id
from shared.contracts.refusals import RefusedFor

router = APIRouter(prefix="/api", tags=["commands"])


@router.post(
    "/assignments/{assignment_id}/photos",
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"The file itself, at most {MAX_PHOTO_BYTES} bytes.",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("image/jpeg", "image/png", "image/webp")
            },
        }
    },
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
    file = await request.body()
    try:
        picture = await console.part(Pictures).remade(file)
    except NotAPhoto:
        raise RequestRefused(
            415,
            "Not a photo",
            f"Send a JPEG file of at most {MOST_PIXELS['JPEG']:,} pixels, or a PNG or WebP file of "
            f"at most {MOST_PIXELS['PNG']:,}.",
            reason="photo_type",
        ) from None
    photo_id = content_id("pho", assignment_id, acting.officer_id, hashlib.sha256(file).hexdigest())
    outcome = await photo_queries.save(
        console.database,
        photo_queries.Photo(photo_id, assignment, acting.officer_id, note, picture),
        console.settings.photos_per_day,
    )
    if outcome == "quota":
        most = console.settings.photos_per_day
        raise RequestRefused(
            403,
            "Too many photos",
            f"At most {most} in 24 hours.",
            reason="photo_quota",
            trail=RefusedFor.PHOTO_QUOTA,
            place=unit,
        )
    return as_json({"photo_id": photo_id, "repeated": outcome == "repeated"})
