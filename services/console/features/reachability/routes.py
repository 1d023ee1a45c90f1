"""Who is on duty and by which channels he is reached; an officer starts a communication test."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core import access
from services.console.core.access import span_of
from services.console.features.reachability import actions, queries, views
from services.console.features.reachability.views import Show
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.problems import unknown
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import Identifier, UnitId
from shared.contracts.refusals import RefusedFor

router = APIRouter(prefix="/api/duty")

_Cursor = Annotated[str, Query(max_length=80, pattern=r"^([0-9a-z_/]+:(B|A|commander))?$")]


class ContactTestBody(Body):
    """Whom to test: all officers on duty at `unit`, or one of them (`officer_id`)."""

    unit: UnitId
    officer_id: Identifier | None = None


@router.get("/reachability")
async def reached(
    console: Deps,
    viewer: PlaceViewer,
    unit: Annotated[UnitId | None, Query()] = None,
    below: Annotated[bool, Query()] = True,
    show: Annotated[Show, Query()] = "all",
    after: _Cursor = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """The posts of a unit (default: one's own) and, unless not wanted, of all below it.

    `counts` are over all of them. `show`: `gaps` are posts where nobody would be reached, `silent` those
    whose last communication test was not answered.
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
        known = await queries.reachability(connection, officers)
    now = console.clock.now()
    result = views.standings(slots, known)
    wanted = views.chosen(result, show, now)
    rest = views.after(wanted, after) if after else wanted
    shown = rest[:limit]
    return as_json(
        {
            "unit": root,
            "unit_name": console.names.unit(root),
            "at": now,
            "counts": views.counts(result, now),
            "posts": [views.view(one, viewer, console.names, now) for one in shown],
            "next": views.cursor_of(shown[-1]) if len(rest) > len(shown) else None,
        }
    )


@router.post("/tests", status_code=202)
async def start(
    console: Deps, viewer: SignedInViewer, body: ContactTestBody, key: IdempotencyKey = None
) -> Response:
    """Test now by which channels the officers on duty at a unit are reached: a page on each, marked as
    a test. For one's own unit and those below it."""
    acting = console.acting(viewer, lambda item: access.may_plan_duty(item, body.unit), body.unit)
    slots = [slot for slot in console.directory.slots() if slot.unit == body.unit]
    on_duty = {slot.officer.officer_id for slot in slots if slot.officer is not None}
    if not on_duty or (body.officer_id is not None and body.officer_id not in on_duty):
        raise unknown("officer on duty")
    now = console.clock.now()
    act = actions.start_test(acting, body.unit, body.officer_id, key, now)
    return await accept_action(console, act)
