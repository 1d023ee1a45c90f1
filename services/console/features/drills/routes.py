"""Drills 演练: an officer starts one; it is ended as what is real is, by the acts on its alert."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.console.core import access
from services.console.features.drills import actions
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.problems import unknown
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import EventType, Level, Line, Text, UnitId

router = APIRouter(prefix="/api")


class DrillBody(Body):
    """What is practised and where; `level` is the scenario's."""

    title: Line
    event_type: EventType
    level: Level
    place: UnitId
    text: Text = ""


@router.post("/drills", status_code=202)
async def start(
    console: Deps, viewer: SignedInViewer, body: DrillBody, key: IdempotencyKey = None
) -> Response:
    """Start a drill in one's own subtree: its report opens an alert of status Exercise."""
    acting = console.acting(
        viewer, lambda item: access.may_start_drill(item, body.place), body.place
    )
    if body.place not in console.names.tree:
        raise unknown("unit")
    scenario = actions.DrillScenario(body.title, body.event_type, body.level, body.place, body.text)
    act = actions.start(acting, scenario, key, console.clock.now())
    return await accept_action(console, act, incident_id=act.key)
