"""Route of the words of an alert: shown as they will be sent, before anybody signs."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.console.core.access import sees
from services.console.features.alerts import queries
from services.console.features.alerts.responses import AlertWords
from services.console.features.alerts.wording_views import wording_view
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Identifier

router = APIRouter(prefix="/api", tags=["alerts"])


@router.get("/alerts/{alert_id}/wording", responses=json_response(AlertWords))
async def get_alert_wording(console: Deps, viewer: PlaceViewer, alert_id: Identifier) -> Response:
    """Return the words that a signature under the present proposal puts in force.

    Where no officer has written words, they are those of a template, with what is known filled in.
    """
    async with reading(console.database) as connection:
        row = await queries.alert(connection, alert_id)
    if row is None:
        raise unknown("alert")
    if not sees(viewer, row["place"]):
        raise hidden("alert", row["place"])
    return as_json(wording_view(row, viewer, console.names))
