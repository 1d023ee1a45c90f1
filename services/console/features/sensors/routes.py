"""Routes of a sensor's readings with the levels of its rules and its alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import sees, span_of
from services.console.features.alerts import views as alert_views
from services.console.features.sensors import queries, views
from services.console.features.sensors.charts import thinned
from services.console.features.sensors.responses import SensorReadings, UnwellSensorList
from services.console.features.sensors.sensor_parts import SensorParts
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.parameters import Cursor, Limit, StatusQuery
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import SensorId, Status

router = APIRouter(prefix="/api", tags=["sensors"])

Hours = Annotated[int, Query(ge=1, le=72)]
Points = Annotated[int, Query(ge=2, le=2_000)]


@router.get("/sensors/{sensor_id}/readings", responses=json_response(SensorReadings))
async def get_sensor_readings(
    console: Deps,
    viewer: SignedInViewer,
    sensor_id: SensorId,
    status: StatusQuery = Status.ACTUAL,
    hours: Hours = 6,
    limit: Points = 400,
) -> Response:
    """Return the readings of a sensor, the levels of its rules and its alarms.

    The readings of the last `hours` are reduced to `limit` points, oldest first; peaks remain.
    `since` is the time from which readings were available.
    """
    sensor = console.names.sensor_entry(sensor_id)
    if sensor is None:
        raise unknown("sensor")
    if not sees(viewer, sensor.place):
        raise hidden("sensor", sensor.place)
    now = console.clock.now()
    since = now - timedelta(hours=hours)
    window = await console.part(SensorParts).readings.look(sensor_id, sensor.metric, status, since)
    async with reading(console.database) as connection:
        alarms = await queries.alarms_of_sensor(connection, sensor_id, status, since, limit=50)
    return as_json(
        {
            "sensor_id": sensor_id,
            "name": sensor.name,
            "place": sensor.place,
            "place_name": console.names.unit(sensor.place),
            "metric": sensor.metric,
            "unit": sensor.unit,
            "datum": sensor.datum,
            "synthetic": sensor.synthetic,
            "status": status,
            "begin_at": since,
            "end_at": now,
            "since": window.since,
            "readings": len(window.points),
            "points": [
                {"at": datetime.fromtimestamp(at, now.tzinfo), "value": value}
                for at, value in thinned(window.points, limit)
            ],
            "levels": console.part(SensorParts).rules.levels(sensor),
            "alarms": [alert_views.alarm(row, viewer, console.names) for row in alarms],
        }
    )


@router.get("/sensors/silent", responses=json_response(UnwellSensorList))
async def list_unwell_sensors(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    after: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """List the sensors that are silent or faulty."""
    async with reading(console.database) as connection:
        span = span_of(viewer.root)
        rows = await queries.unwell_sensors(connection, span, status, after, limit)
        total = await queries.unwell_total(connection, span, status)
    return as_json(
        {
            "sensors": [views.sensor(row, console.names) for row in rows],
            "next": rows[-1]["sensor_id"] if len(rows) == limit else None,
            "total": total,
        }
    )
