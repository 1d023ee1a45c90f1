"""Photos of a feedback: taken in from the unit itself, shown to it and to who is responsible for it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from services.console.core import access, views
from services.console.core.access import sees, span_of
from services.console.core.cases.photo_sheet import shown
from services.console.core.masking import sees_photos
from services.console.drawing import MOST_PIXELS, NotAPhoto
from services.console.store import photos as store
from services.console.store import reads
from services.console.store.connections import reading
from services.console.web.auth import Looker, Me
from services.console.web.cases import visible_case
from services.console.web.guard import MAX_PHOTO_BYTES
from services.console.web.parts import Parts, as_json
from services.console.web.problems import Refused, hidden, unknown
from shared.contracts.commands import Step
from shared.contracts.fields import Identifier
from shared.contracts.ids import content_id
from shared.contracts.refusals import RefusedFor

router = APIRouter(prefix="/api")

SHOWN = {
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": 'inline; filename="photo.jpg"',
    "cache-control": "private, max-age=3600",
}
"""A picture is a picture: nothing in it may be run, whatever a browser takes it for."""


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
)
async def add_photo(
    request: Request,
    console: Parts,
    me: Me,
    assignment_id: Identifier,
    note: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """A photo from the unit: JPEG, PNG or WebP by its content, made anew; the same file twice is one."""
    async with reading(console.database) as connection:
        assignment = await reads.assignment(connection, assignment_id)
    if assignment is None:
        raise unknown("assignment")
    if not sees(me, assignment["unit"]):
        raise hidden("assignment", assignment["unit"])
    unit, issuer = assignment["unit"], assignment["issuer_unit"]
    acting = console.acting(me, lambda item: access.may_step(item, unit, issuer, Step.REPORT), unit)
    file = await request.body()
    try:
        picture = await console.pictures.remade(file)
    except NotAPhoto:
        raise Refused(
            415,
            "Not a photo",
            f"Send a JPEG file of at most {MOST_PIXELS['JPEG']:,} pixels, or a PNG or WebP file of "
            f"at most {MOST_PIXELS['PNG']:,}.",
            reason="photo_type",
        ) from None
    photo_id = content_id("pho", assignment_id, acting.officer_id, hashlib.sha256(file).hexdigest())
    kept = await store.keep(
        console.database,
        store.Photo(photo_id, assignment, acting.officer_id, note, picture),
        console.settings.photos_per_day,
    )
    if kept == "quota":
        most = console.settings.photos_per_day
        raise Refused(
            403,
            "Too many photos",
            f"At most {most} in 24 hours.",
            reason="photo_quota",
            trail=RefusedFor.PHOTO_QUOTA,
            place=unit,
        )
    return as_json({"photo_id": photo_id, "repeated": kept == "repeated"})


@router.get("/cases/{case_id}/photos")
async def get_photos_of_case(
    console: Parts,
    me: Looker,
    case_id: Identifier,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """The photos from units of the subtree looked at, the newest first."""
    async with reading(console.database) as connection:
        case = await visible_case(connection, me, case_id)
        rows = await store.of_commands(connection, case.command_ids, span_of(me.root), limit)
    return as_json({"photos": [views.photo(row, console.names) for row in shown(rows, me)]})


@router.get(
    "/photos/{photo_id}",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "The picture."}},
)
async def get_photo(
    console: Parts,
    me: Me,
    photo_id: Identifier,
    size: Annotated[Literal["whole", "small"], Query()] = "whole",
) -> Response:
    """The picture; `small`: at most 240 px."""
    async with reading(console.database) as connection:
        row = await store.one(connection, photo_id, small=size == "small")
    if row is None:
        raise unknown("photo")
    if not sees_photos(me, row["unit"]):
        raise hidden("photo", row["unit"])
    return Response(row["picture"], media_type="image/jpeg", headers=SHOWN)
