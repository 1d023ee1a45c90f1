"""Rows of the history of sensors, as the console's writer stores them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from services.console.features.sensors import queries
from services.console.features.sensors.charts import Point
from services.console.features.sensors.history_points import extremes, row_begin, series_of
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Status
from shared.runtime.database import Database


async def store_history(
    database: Database,
    sensor: SensorEntry,
    points: Iterable[Point],
    status: Status = Status.ACTUAL,
) -> None:
    """Store the points of a sensor; each row must be new."""
    series = series_of(sensor.metric, sensor.unit, sensor.datum)
    rows: defaultdict[int, list[Point]] = defaultdict(list)
    for point in points:
        rows[row_begin(point[0])].append(point)
    keys = [
        (sensor.sensor_id, status.value, series, datetime.fromtimestamp(begin, UTC))
        for begin in sorted(rows)
    ]
    flat = [
        [number for point in extremes(rows[begin]) for number in point] for begin in sorted(rows)
    ]
    async with database.transaction() as work:
        assert await queries.lock_history(work.connection, keys) == [(key, []) for key in keys]
        await queries.write_history(work.connection, list(zip(keys, flat, strict=True)))
