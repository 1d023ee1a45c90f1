"""案卷: the list of cases, to look for one in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import span_of
from services.console.core.cases import listing
from services.console.core.cases.case import CaseState
from services.console.store import case_list
from services.console.store.connections import reading
from services.console.web.auth import Looker
from services.console.web.parts import Parts, as_json
from services.console.web.problems import Refused
from services.console.web.reads import StatusQuery
from shared.contracts.fields import Instant, Level, Status

router = APIRouter(prefix="/api")


@router.get("/cases")
async def get_cases(
    console: Parts,
    me: Looker,
    status: StatusQuery = Status.ACTUAL,
    state: Annotated[list[CaseState] | None, Query(max_length=3)] = None,
    level: Annotated[Level | None, Query()] = None,
    words: Annotated[str, Query(alias="q", max_length=80)] = "",
    since: Annotated[Instant | None, Query()] = None,
    until: Annotated[Instant | None, Query()] = None,
    after: Annotated[str, Query(pattern=listing.CURSOR, max_length=160)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Cases that concern the officer's subtree, the newest first, behind `after`.

    `q` is looked for in title, id and name of the place; `since` and `until` bound when a case began.
    """
    try:
        place = listing.place_of(after)
    except ValueError:
        raise Refused(
            422, "The request is not valid", "`after` is no cursor.", reason="invalid"
        ) from None
    words = words.strip()
    wanted = case_list.Wanted(
        own=span_of(me.unit),
        states=state or (),
        level=level,
        words=words,
        places=[span_of(name) for name in listing.places_named(words, me.root, console.names)],
        since=since,
        until=until,
    )
    async with reading(console.database) as connection:
        rows = await case_list.cases(
            connection, span_of(me.root), status, wanted, after=place, limit=limit
        )
    return as_json(
        {
            "status": status,
            "cases": [listing.line(row, status, me, console.names) for row in rows],
            "next": listing.cursor_of(rows[-1]) if len(rows) == limit else None,
        }
    )
