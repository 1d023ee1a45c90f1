"""Models of the responses with photos."""

from __future__ import annotations

from datetime import datetime

from services.console.web.response_models import ResponseModel


class PhotoView(ResponseModel):
    """A photo of an assignment or an incident; the picture itself is another response."""

    photo_id: str
    assignment_id: str | None
    unit: str
    unit_name: str
    note: str
    received_at: datetime


class PhotoList(ResponseModel):
    """The photos of a case, the newest first."""

    photos: list[PhotoView]


class StoredPhoto(ResponseModel):
    """The photo is stored; `repeated` is true if the same file was stored earlier."""

    photo_id: str
    repeated: bool
