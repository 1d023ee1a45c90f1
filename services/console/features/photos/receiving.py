"""The receipt of a photo: drawn anew, counted, stored once."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import Response

from services.console.features.photos import queries
from services.console.features.photos.drawing import MOST_PIXELS, NotAPhoto
from services.console.features.photos.pictures import Pictures
from services.console.web.deps import ConsoleDeps
from services.console.web.guard import MAX_PHOTO_BYTES
from services.console.web.problems import ApiProblem
from services.console.web.responses import as_json
from shared.contracts.ids import content_id
from shared.contracts.refusals import RefusedFor

PHOTO_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"The file itself, at most {MAX_PHOTO_BYTES} bytes.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/jpeg", "image/png", "image/webp")
        },
    }
}
"""The request body of a route that takes a photo."""


async def receive_photo(
    console: ConsoleDeps,
    officer_id: str,
    subject: queries.PhotoSubject,
    subject_id: str,
    note: str,
    file: bytes,
) -> Response:
    """Store a photo of an officer about a subject; the same file twice is one photo."""
    try:
        picture = await console.part(Pictures).remade(file)
    except NotAPhoto:
        raise ApiProblem(
            415,
            "Not a photo",
            f"Send a JPEG file of at most {MOST_PIXELS['JPEG']:,} pixels, or a PNG or WebP file of "
            f"at most {MOST_PIXELS['PNG']:,}.",
            reason="photo_type",
        ) from None
    photo_id = content_id("pho", subject_id, officer_id, hashlib.sha256(file).hexdigest())
    most = console.settings.photos_per_day
    outcome = await queries.save(
        console.database, queries.Photo(photo_id, subject, officer_id, note, picture), most
    )
    if outcome == "quota":
        raise ApiProblem(
            403,
            "Too many photos",
            f"At most {most} in 24 hours.",
            reason="photo_quota",
            trail=RefusedFor.PHOTO_QUOTA,
            place=subject.unit,
        )
    return as_json({"photo_id": photo_id, "repeated": outcome == "repeated"})
