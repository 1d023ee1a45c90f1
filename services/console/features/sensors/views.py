"""Sensors, as JSON."""

from __future__ import annotations

from services.console.core.names import Names
from services.console.core.record import Json, Record


def sensor(row: Record, names: Names) -> Json:
    """Return a sensor that is silent or faulty."""
    return {
        "sensor_id": row["sensor_id"],
        "name": names.sensor(row["sensor_id"]),
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "state": row["state"],
        "last_seen_at": row["last_seen_at"],
        "detail": row["detail"],
        "sent_at": row["sent_at"],
    }
