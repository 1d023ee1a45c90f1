"""Routes of a sensor's readings with the levels of its rules and its alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.console.core.access import sees, span_of
from services.console.core.masking import opens
from services.console.features.alerts import views as alert_views
from services.console.features.sensors import queries, trends, views
from services.console.features.sensors.charts import thinned
from services.console.features.sensors.history_points import series_of
from services.console.features.sensors.reading_log import ReadingWindow, with_history
from services.console.features.sensors.responses import (
    AlertTrendList,
    SensorList,
    SensorReadings,
    UnwellSensorList,
)
from services.console.features.sensors.sensor_parts import SensorParts
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.parameters import Cursor, Limit, StatusQuery
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import Instant, SensorId, Status

router = APIRouter(prefix="/api", tags=["sensors"])

Hours = Annotated[int, Query(ge=1, le=720)]
EACH_READING_HOURS = 6
"""A longer period is drawn from the history alone, which is read in milliseconds."""
_IDENTIFIERS = r"^[A-Za-z0-9._:\-]{1,96}(,[A-Za-z0-9._:\-]{1,96}){0,99}$"
Points = Annotated[int, Query(ge=2, le=2_000)]


@router.get("/trends", responses=json_response(AlertTrendList))
async def list_trends(
    console: Deps,
    viewer: SignedInViewer,
    alerts: Annotated[str, Query(pattern=_IDENTIFIERS, max_length=9_700)],
) -> Response:
    """Return the course of the leading sensor of each of these alerts over a day.

    `alerts` are at most 100 identifiers with commas between.
    An alert without a measured value, or that the officer may not read, is left out.
    """
    sensor_parts = console.part(SensorParts)
    courses = []
    async with reading(console.database) as connection:
        for row in await queries.leading_alarms(connection, alerts.split(",")):
            sensor = console.names.sensor_entry(row["sensor_id"])
            if (
                sensor is None
                or not sees(viewer, sensor.place)
                or not opens(viewer, row["place"], row["data_grade"])
            ):
                continue
            end = row["ended_at"] or console.clock.now()
            begin = min(row["started_at"], end - timedelta(hours=trends.HOURS))
            series = series_of(sensor.metric, sensor.unit, sensor.datum)
            points = await queries.history(
                connection, sensor.sensor_id, row["status"], series, begin, end
            )
            if points:
                levels = sensor_parts.rules.levels(sensor)
                courses.append(trends.trend(row, sensor, points, levels))
    return as_json({"trends": courses})


@router.get("/sensors/{sensor_id}/readings", responses=json_response(SensorReadings))
async def get_sensor_readings(
    console: Deps,
    viewer: SignedInViewer,
    sensor_id: SensorId,
    status: StatusQuery = Status.ACTUAL,
    hours: Hours = 6,
    until: Instant | None = None,
    limit: Points = 400,
) -> Response:
    """Return the readings of a sensor, the levels of its rules and its alarms.

    The readings of the `hours` before `until` (now) are reduced to `limit` points, oldest first;
    peaks remain. Up to six hours every reading is read, before that and for longer periods the
    least and the greatest of each ten minutes. `since` is the time from which readings were
    available.
    """
    sensor = console.names.sensor_entry(sensor_id)
    if sensor is None:
        raise unknown("sensor")
    if not sees(viewer, sensor.place):
        raise hidden("sensor", sensor.place)
    end = min(until or console.clock.now(), console.clock.now())
    begin = end - timedelta(hours=hours)
    window = ReadingWindow([], end)
    if hours <= EACH_READING_HOURS:
        source = console.part(SensorParts).readings
        window = await source.look(sensor_id, sensor.metric, status, begin)
    series = series_of(sensor.metric, sensor.unit, sensor.datum)
    async with reading(console.database) as connection:
        history = await queries.history(connection, sensor_id, status, series, begin, end)
        alarms = await queries.alarms_of_sensor(connection, sensor_id, status, begin, limit=50)
    window = with_history(window, history, begin, end, sensor.interval_s)
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
            "begin_at": begin,
            "end_at": end,
            "since": window.since,
            "readings": len(window.points),
            "points": [
                {"at": datetime.fromtimestamp(at, end.tzinfo), "value": value}
                for at, value in thinned(window.points, limit)
            ],
            "levels": console.part(SensorParts).rules.levels(sensor),
            "alarms": [alert_views.alarm(row, viewer, console.names) for row in alarms],
        }
    )


@router.get("/sensors", responses=json_response(SensorList))
async def list_sensors(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    words: Annotated[str, Query(alias="q", max_length=80)] = "",
    after: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """List the catalogued sensors of the subtree, by identifier.

    Each word of `q` occurs in the identifier, the name, the name of the place or the metric.
    """
    entries = console.names.sensors(span_of(viewer.root).holds, words)
    page = [entry for entry in entries if entry.sensor_id > after][:limit]
    async with reading(console.database) as connection:
        states = await queries.states(connection, status, [entry.sensor_id for entry in page])
    return as_json(
        {
            "sensors": [views.catalogued(entry, states, console.names) for entry in page],
            "next": page[-1].sensor_id if len(page) == limit else None,
            "total": len(entries),
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
