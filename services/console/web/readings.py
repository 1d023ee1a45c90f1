"""A sensor's last readings with the levels of its rules and its alarms: why an alert is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core import views
from services.console.core.access import sees
from services.console.core.charts import thinned
from services.console.store import reads
from services.console.store.connections import reading
from services.console.web.auth import Me
from services.console.web.parts import Parts, as_json
from services.console.web.problems import hidden, unknown
from services.console.web.reads import StatusQuery
from shared.contracts.fields import SensorId, Status

router = APIRouter(prefix="/api")

Hours = Annotated[int, Query(ge=1, le=72)]
Points = Annotated[int, Query(ge=2, le=2_000)]


@router.get("/sensors/{sensor_id}/readings")
async def get_readings(
    console: Parts,
    me: Me,
    sensor_id: SensorId,
    status: StatusQuery = Status.ACTUAL,
    hours: Hours = 6,
    limit: Points = 400,
) -> Response:
    """Readings of the last `hours`, thinned to `limit` without losing a peak, and what they are judged by.

    `points`: pairs of time and value, oldest first. `since`: readings written earlier were not looked at.
    """
    sensor = console.names.sensor_entry(sensor_id)
    if sensor is None:
        raise unknown("sensor")
    if not sees(me, sensor.place):
        raise hidden("sensor", sensor.place)
    now = console.clock.now()
    since = now - timedelta(hours=hours)
    looked = await console.readings.look(sensor_id, sensor.metric, status, since)
    async with reading(console.database) as connection:
        alarms = await reads.alarms_of_sensor(connection, sensor_id, status, since, limit=50)
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
            "since": looked.since,
            "readings": len(looked.points),
            "points": [
                {"at": datetime.fromtimestamp(at, now.tzinfo), "value": value}
                for at, value in thinned(looked.points, limit)
            ],
            "levels": console.rules.levels(sensor),
            "alarms": [views.alarm(row, me, console.names) for row in alarms],
        }
    )
