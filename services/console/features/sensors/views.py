"""Sensors, as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.catalog import SensorEntry


def sensor(row: OutgoingRecord, names: UnitNames) -> Json:
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


def catalogued(entry: SensorEntry, states: Mapping[str, str], names: UnitNames) -> Json:
    """Return a sensor of the catalogue with its state; null where no record of its state exists."""
    return {
        "sensor_id": entry.sensor_id,
        "name": entry.name,
        "place": entry.place,
        "place_name": names.unit(entry.place),
        "metric": entry.metric,
        "unit": entry.unit,
        "datum": entry.datum,
        "synthetic": entry.synthetic,
        "state": states.get(entry.sensor_id),
    }
