"""Route to start a drill 演练; the drill ends by decisions on its alert, like a real alert."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.console.core import access
from services.console.features.drills import actions
from services.console.features.drills.responses import RecordedDrill
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.problems import unknown
from services.console.web.response_models import recorded
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import EventType, Level, Line, Text, UnitId

router = APIRouter(prefix="/api", tags=["drills"])


class DrillBody(Body):
    """The scenario of a drill: title, kind of event, level and place."""

    title: Line
    event_type: EventType
    level: Level
    place: UnitId
    text: Text = ""


@router.post("/drills", status_code=202, responses=recorded(RecordedDrill))
async def start_drill(
    console: Deps, viewer: SignedInViewer, body: DrillBody, key: IdempotencyKey = None
) -> Response:
    """Start a drill in the subtree of the officer.

    The report of the drill opens an alert of status Exercise.
    """
    acting = console.acting(
        viewer, lambda item: access.may_start_drill(item, body.place), body.place
    )
    if body.place not in console.names.tree:
        raise unknown("unit")
    scenario = actions.DrillScenario(body.title, body.event_type, body.level, body.place, body.text)
    act = actions.start(acting, scenario, key, console.clock.now())
    return await accept_action(console, act, incident_id=act.key)
