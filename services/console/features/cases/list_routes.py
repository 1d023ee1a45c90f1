"""Routes of the list of cases 案卷 with its filters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import span_of
from services.console.features.cases import list_queries, list_views, queries
from services.console.features.cases.case import CaseState
from services.console.features.cases.responses import CaseList
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.parameters import StatusQuery
from services.console.web.problems import ApiProblem
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import Instant, Level, Status

router = APIRouter(prefix="/api", tags=["cases"])


@router.get("/cases", responses=json_response(CaseList))
async def list_cases(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    state: Annotated[list[CaseState] | None, Query(max_length=3)] = None,
    level: Annotated[Level | None, Query()] = None,
    words: Annotated[str, Query(alias="q", max_length=80)] = "",
    since: Annotated[Instant | None, Query()] = None,
    until: Annotated[Instant | None, Query()] = None,
    after: Annotated[str, Query(pattern=list_views.CURSOR, max_length=160)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List the cases that concern the subtree, the newest first.

    `q` is searched in title, identifier and name of the place; `since` and `until` bound the time
    at which a case began.
    """
    try:
        place = list_views.place_of(after)
    except ValueError:
        raise ApiProblem(
            422, "The request is not valid", "`after` is no cursor.", reason="invalid"
        ) from None
    words = words.strip()
    query = list_queries.CaseQuery(
        own=span_of(viewer.unit),
        states=state or (),
        level=level,
        words=words,
        places=[span_of(name) for name in console.names.units_named(words, viewer.root)],
        since=since,
        until=until,
    )
    async with reading(console.database) as connection:
        rows = await list_queries.cases(
            connection, span_of(viewer.root), status, query, after=place, limit=limit
        )
        called = [alert_id for row in rows for alert_id in row["called"]]
        peaks = await queries.alarm_peaks(connection, called)
    return as_json(
        {
            "status": status,
            "cases": [list_views.line(row, peaks, status, viewer, console.names) for row in rows],
            "next": list_views.cursor_of(rows[-1]) if len(rows) == limit else None,
        }
    )
