"""Route of photos of a report, for the unit and its responsible units."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.console.core.masking import sees_photos
from services.console.features.photos import queries
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import file_response
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import Identifier

router = APIRouter(prefix="/api", tags=["photos"])
PICTURE_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": 'inline; filename="photo.jpg"',
    "cache-control": "private, max-age=3600",
}
"""Headers of a picture: a browser must not run any part, even with a wrong type."""


@router.get(
    "/photos/{photo_id}",
    response_class=Response,
    responses=file_response("The picture.", "image/jpeg"),
)
async def get_photo(
    console: Deps,
    viewer: SignedInViewer,
    photo_id: Identifier,
    size: Annotated[Literal["whole", "small"], Query()] = "whole",
) -> Response:
    """Return a photo; with `size=small` at most 240 pixels wide or high."""
    async with reading(console.database) as connection:
        row = await queries.picture_of(connection, photo_id, small=size == "small")
    if row is None:
        raise unknown("photo")
    if not sees_photos(viewer, row["unit"], restricted=row["restricted"]):
        raise hidden("photo", row["unit"])
    return Response(row["picture"], media_type="image/jpeg", headers=PICTURE_HEADERS)
