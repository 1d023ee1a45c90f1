"""Routes of the test alarm 测试告警: a reading of status Exercise, and its course to the last unit."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.console.core import access
from services.console.features.drills import queries
from services.console.features.drills.actions import drill_reading
from services.console.features.drills.course_views import course_view
from services.console.features.drills.responses import DrillCourse, RecordedReading
from services.console.store.action_log import action_value
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.problems import unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import Finite, Identifier, SensorId
from shared.contracts.readings import Reading

router = APIRouter(prefix="/api", tags=["drills"])


class DrillReadingBody(Body):
    """A value of a sensor, in the unit and datum of the catalogue."""

    sensor_id: SensorId
    value: Finite


@router.post("/drills/readings", status_code=202, responses=recorded(RecordedReading))
async def send_drill_reading(
    console: Deps, viewer: SignedInViewer, body: DrillReadingBody, key: IdempotencyKey = None
) -> Response:
    """Send a reading of status Exercise in the name of a sensor.

    Scoring judges it apart from the real readings, and all that follows is a drill.
    """
    sensor = console.names.sensor_entry(body.sensor_id)
    if sensor is None:
        raise unknown("sensor")
    acting = console.acting(
        viewer, lambda item: access.may_start_drill(item, sensor.place), sensor.place
    )
    act = drill_reading(acting, sensor, body.value, key, console.clock.now())
    return await accept_action(console, act, sensor_id=sensor.sensor_id)


@router.get("/drills/readings/{reading_id}/course", responses=json_response(DrillCourse))
async def get_drill_course(
    console: Deps, viewer: SignedInViewer, reading_id: Identifier
) -> Response:
    """Return how far a test reading has come: alarm, alert, issue, command, signatures by tier."""
    async with reading(console.database) as connection:
        value = await action_value(connection, reading_id)
        if value is None or not value.startswith(b'{"type":"reading"'):
            raise unknown("test reading")
        sent = Reading.from_wire(value)
        sensor = console.names.sensor_entry(sent.sensor_id)
        place = sent.areas[0] if sensor is None else sensor.place
        console.in_sight(viewer, place)
        alarm = await queries.alarm_after(connection, sent.sensor_id, sent.occurred_at)
        alert = alarm and await queries.alert_of(connection, alarm["alarm_id"])
        command = alert and await queries.command_of(connection, alert["alert_id"])
        tiers = await queries.signatures(connection, command["command_id"]) if command else []
    return as_json(
        course_view(sent, console.names.sensor(sent.sensor_id), alarm, alert, command, tiers)
    )
