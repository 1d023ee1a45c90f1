"""Routes of previews: what would have been different with a draft in the last days."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.limits_drafts import LimitsContent
from services.console.features.limits.comparison import compare
from services.console.features.limits.documents import (
    LimitsDraftBody,
    document_of,
    limits_id_of,
    version_of,
)
from services.console.features.limits.draft_actions import issuer_of
from services.console.features.limits.limits_parts import LimitParts
from services.console.features.limits.preview_responses import LimitsPreview
from services.console.features.limits.preview_views import preview_view
from services.console.features.limits.routes import demand_administrator, draft_of
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.parameters import StatusQuery
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import Identifier, Status

router = APIRouter(prefix="/api/limits", tags=["limits"])
Days = Annotated[int, Query(ge=1, le=92)]


@router.get("/drafts/{draft_id}/preview", responses=json_response(LimitsPreview))
async def preview_limits_draft(
    console: Deps,
    viewer: SignedInViewer,
    draft_id: Identifier,
    days: Days = 30,
    status: StatusQuery = Status.ACTUAL,
) -> Response:
    """Return what would have been different with a draft in the last days."""
    draft = await draft_of(console, viewer, draft_id)
    return await _previewed(console, draft.body, days, status)


@router.post("/previews", responses=json_response(LimitsPreview))
async def preview_limits(
    console: Deps,
    viewer: SignedInViewer,
    body: LimitsDraftBody,
    days: Days = 30,
    status: StatusQuery = Status.ACTUAL,
) -> Response:
    """Return what would have been different with a document in the last days; nothing is stored."""
    demand_administrator(console, viewer, body.unit)
    return await _previewed(console, body, days, status)


async def _previewed(
    console: ConsoleDeps, body: LimitsContent, days: int, status: Status
) -> Response:
    parts, now = console.part(LimitParts), console.clock.now()
    place = issuer_of(console, body.unit)
    limits_id = limits_id_of(body.subject, body.unit, parts.published())
    document = document_of(body, limits_id, version_of(limits_id, parts.published()), place, now)
    begin = now - timedelta(days=days)
    compared = await compare(console.database, parts, document, place, status, (begin, now))
    return as_json(
        {
            "limits_id": limits_id,
            "version": document.version,
            "begin": begin,
            "end": compared.end,
            "complete": compared.end == now,
            **preview_view(compared.result, compared.calls, console.names),
        }
    )
