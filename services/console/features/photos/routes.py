"""Photos of a feedback: taken in from the unit itself, shown to it and to the units responsible for it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.console.core.masking import sees_photos
from services.console.features.photos import queries
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.problems import hidden, unknown
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import Identifier

router = APIRouter(prefix="/api")
SHOWN = {
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": 'inline; filename="photo.jpg"',
    "cache-control": "private, max-age=3600",
}
"""A picture is a picture: nothing in it may be run, whatever a browser takes it for."""


@router.get(
    "/photos/{photo_id}",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "The picture."}},
)
async def get_photo(
    console: Deps,
    viewer: SignedInViewer,
    photo_id: Identifier,
    size: Annotated[Literal["whole", "small"], Query()] = "whole",
) -> Response:
    """The picture; `small`: at most 240 px."""
    async with reading(console.database) as connection:
        row = await queries.one(connection, photo_id, small=size == "small")
    if row is None:
        raise unknown("photo")
    if not sees_photos(viewer, row["unit"]):
        raise hidden("photo", row["unit"])
    return Response(row["picture"], media_type="image/jpeg", headers=SHOWN)
