"""Routes of the reachability of officers on duty, and the start of a communication test."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core import access
from services.console.core.access import span_of
from services.console.features.reachability import actions, queries, views
from services.console.features.reachability.responses import ReachabilityList
from services.console.features.reachability.views import Show
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.problems import unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import Identifier, UnitId
from shared.contracts.refusals import RefusedFor

router = APIRouter(prefix="/api/duty", tags=["reachability"])

_Cursor = Annotated[str, Query(max_length=80, pattern=r"^([0-9a-z_/]+:(B|A|commander))?$")]


class ContactTestBody(Body):
    """The officers to test: all officers on duty at `unit`, or the one in `officer_id`."""

    unit: UnitId
    officer_id: Identifier | None = None


@router.get("/reachability", responses=json_response(ReachabilityList))
async def list_reachability(
    console: Deps,
    viewer: PlaceViewer,
    unit: Annotated[UnitId | None, Query()] = None,
    below: Annotated[bool, Query()] = True,
    show: Annotated[Show, Query()] = "all",
    after: _Cursor = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """List the posts of a unit and of its subtree with their reachability.

    `counts` covers all posts. `show=gaps` selects posts at which nobody would be reached,
    `show=silent` those whose last communication test was not answered. Without `unit` the list is
    for the unit of the officer.
    """
    root = unit or viewer.root
    console.demand(None if access.sees(viewer, root) else RefusedFor.OUTSIDE_SUBTREE, root)
    span = span_of(root)
    slots = [
        slot
        for slot in console.directory.slots()
        if slot.unit == root or (below and span.holds(slot.unit))
    ]
    officers = {slot.officer.officer_id for slot in slots if slot.officer is not None}
    async with reading(console.database) as connection:
        stored_channels = await queries.reachability(connection, officers)
    now = console.clock.now()
    result = views.posts_of(slots, stored_channels)
    posts = views.posts_to_show(result, show, now)
    remaining = views.posts_after(posts, after) if after else posts
    page = remaining[:limit]
    return as_json(
        {
            "unit": root,
            "unit_name": console.names.unit(root),
            "at": now,
            "counts": views.counts(result, now),
            "posts": [views.view(post, viewer, console.names, now) for post in page],
            "next": views.cursor_of(page[-1]) if len(remaining) > len(page) else None,
        }
    )


@router.post("/tests", status_code=202, responses=recorded())
async def start_contact_test(
    console: Deps, viewer: SignedInViewer, body: ContactTestBody, key: IdempotencyKey = None
) -> Response:
    """Start a communication test of the officers on duty at a unit.

    Each channel of an officer receives a page that is marked as a test. The unit is that of the
    officer or a unit below.
    """
    acting = console.acting(viewer, lambda item: access.may_plan_duty(item, body.unit), body.unit)
    slots = [slot for slot in console.directory.slots() if slot.unit == body.unit]
    on_duty = {slot.officer.officer_id for slot in slots if slot.officer is not None}
    if not on_duty or (body.officer_id is not None and body.officer_id not in on_duty):
        raise unknown("officer on duty")
    now = console.clock.now()
    act = actions.start_test(acting, body.unit, body.officer_id, key, now)
    return await accept_action(console, act)
