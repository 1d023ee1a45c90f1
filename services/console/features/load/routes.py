"""The load of a place."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Response

from services.console.core.access import span_of
from services.console.features.load import queries, views
from services.console.features.load.responses import PlaceLoad
from services.console.store import people
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.parameters import StatusQuery
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Status

router = APIRouter(prefix="/api", tags=["load"])

DAYS = 28
_MOST_OFFICERS = 50


@router.get("/load", responses=json_response(PlaceLoad))
async def get_load(
    console: Deps, viewer: PlaceViewer, status: StatusQuery = Status.ACTUAL
) -> Response:
    """Return readings, alarms, alerts, incidents and pages of the subtree in the last 28 days.

    Days and hours are those of China; days before the first count are left out. Commanders and A
    posts get the officers with the most pages, everybody else the own pages only.
    """
    now = console.clock.now()
    today = views.day_in_china(now)
    span = span_of(viewer.root)
    officer_id = None if views.sees_all_officers(viewer) else viewer.officer_id
    begin = today - timedelta(days=DAYS - 1)
    async with reading(console.database) as connection:
        rows = await queries.by_day(connection, viewer.root, status, begin, today)
        since = await queries.first_day(connection, viewer.root, status)
        officers = await queries.officers_by_day(connection, span, status, begin, today)
        pages = await queries.by_officer(
            connection, span, status, begin, today, officer_id, _MOST_OFFICERS
        )
        officer_names = await people.names_of(
            connection, console.directory, [row["officer_id"] for row in pages]
        )
    days = [] if since is None else views.days_between(max(begin, since), today)
    return as_json(
        {
            "status": status,
            "unit": viewer.root,
            "unit_name": console.names.unit(viewer.root),
            "now": now,
            "since": since,
            **views.load_view(views.load_of(rows, days), officers),
            "officers": [
                views.officer_view(row, viewer, officer_names, console.names) for row in pages
            ],
            "officer_count": pages[0]["officers"] if pages else 0,
            "all_officers": officer_id is None,
        }
    )
