"""Photos of a case."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import span_of
from services.console.features.cases.photo_sheet import visible_photos
from services.console.features.cases.routes import visible_case
from services.console.features.photos import queries as photo_queries
from services.console.features.photos import views as photo_views
from services.console.features.photos.responses import PhotoList
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier

router = APIRouter(prefix="/api", tags=["cases"])


@router.get("/cases/{case_id}/photos", responses=json_response(PhotoList))
async def list_photos_of_case(
    console: Deps,
    viewer: PlaceViewer,
    case_id: Identifier,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """List the photos of a case from units of the subtree, the newest first."""
    async with reading(console.database) as connection:
        case = await visible_case(connection, viewer, case_id)
        rows = await photo_queries.of_case(
            connection, case.command_ids, case.incident_id, span_of(viewer.root), limit
        )
    return as_json(
        {"photos": [photo_views.photo(row, console.names) for row in visible_photos(rows, viewer)]}
    )
