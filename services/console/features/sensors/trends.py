"""The course of the leading sensor of each alert: a few points, the limits, the peak, the pace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.console.core.record import Json, OutgoingRecord
from services.console.features.sensors.charts import Point, thinned
from shared.contracts.catalog import SensorEntry

HOURS = 24
"""The period of a small chart."""
_POINTS = 48
_PACE_S = 3_600
"""The pace is the change within the last hour."""


def trend(
    row: OutgoingRecord, sensor: SensorEntry, points: Sequence[Point], levels: list[dict[str, Any]]
) -> Json:
    """Return the course of an alert's leading alarm; `points` are in order of time."""
    last_at, last = points[-1]
    return {
        "alert_id": row["alert_id"],
        "sensor_id": sensor.sensor_id,
        "name": sensor.name,
        "metric": sensor.metric,
        "unit": sensor.unit,
        "datum": sensor.datum,
        "points": [
            {"at": moment(at, row["started_at"]), "value": value}
            for at, value in thinned(points, _POINTS)
        ],
        "levels": levels,
        "last": last,
        "last_at": moment(last_at, row["started_at"]),
        "per_hour": pace(points),
        "peak": row["peak"],
        "peak_at": row["peak_at"],
    }


def pace(points: Sequence[Point]) -> float | None:
    """Return the change per hour at the end; None where half an hour is not covered."""
    end_at, end = points[-1]
    recent = [(at, value) for at, value in points if at >= end_at - _PACE_S]
    begin_at, begin = recent[0]
    passed_s = end_at - begin_at
    return None if passed_s < _PACE_S / 2 else (end - begin) / passed_s * 3_600


def moment(at: float, like: datetime) -> datetime:
    """Return a moment in the time zone of another."""
    return datetime.fromtimestamp(at, like.tzinfo)
