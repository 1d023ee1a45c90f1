"""The points of a schematic map: middles of units, sensors in cells, active alarms. No borders.

A unit has no position of its own in the catalogue: it stands at the middle of its sensors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Tier
from shared.contracts.units import ancestor_at, tier_of

_CELLS = 24
"""The sensors of a cell are one point: the map is as many cells wide, and as high."""
_DIGITS = 4
"""Ten metres: closer than a point of the drawing."""
_SEATED = (Tier.DISTRICT, Tier.TOWN, Tier.VILLAGE)


def middles(sensors: Iterable[SensorEntry]) -> dict[str, tuple[float, float]]:
    """Return longitude and latitude of the middle of each unit that has sensors with a position."""
    by_place: dict[str, list[float]] = {}
    for sensor in sensors:
        if sensor.position is not None:
            total = by_place.setdefault(sensor.place, [0.0, 0.0, 0.0])
            total[0] += sensor.position.lon
            total[1] += sensor.position.lat
            total[2] += 1
    sums: dict[str, list[float]] = {}
    for place, numbers in by_place.items():
        for unit in {ancestor_at(place, tier) for tier in _SEATED} - {None}:
            total = sums.setdefault(str(unit), [0.0, 0.0, 0.0])
            for index, number in enumerate(numbers):
                total[index] += number
    return {unit: (lon / count, lat / count) for unit, (lon, lat, count) in sums.items()}


@dataclass(frozen=True, slots=True)
class PlacePoints:
    """The points of a map that change with the catalogue only."""

    middle_of: dict[str, tuple[float, float]]
    cells: list[Json]


def points_of(sensors: Sequence[SensorEntry]) -> PlacePoints:
    """Return the points of these sensors and of their units."""
    return PlacePoints(middles(sensors), _cells(sensors))


def map_view(points: PlacePoints, alarms: Iterable[OutgoingRecord], names: UnitNames) -> Json:
    """Return the points of a subtree's map."""
    return {
        "middles": [
            {"unit": unit, "lon": round(lon, _DIGITS), "lat": round(lat, _DIGITS)}
            for unit, (lon, lat) in sorted(points.middle_of.items())
            if tier_of(unit) is not Tier.VILLAGE
        ],
        "sensors": points.cells,
        "alarms": [
            point
            for row in alarms
            if (point := _alarm_point(row, points.middle_of, names)) is not None
        ],
    }


def _cells(sensors: Iterable[SensorEntry]) -> list[Json]:
    positions = [sensor.position for sensor in sensors if sensor.position is not None]
    if not positions:
        return []
    west, east = min(p.lon for p in positions), max(p.lon for p in positions)
    south, north = min(p.lat for p in positions), max(p.lat for p in positions)
    width, height = (east - west) / _CELLS or 1.0, (north - south) / _CELLS or 1.0
    counts = Counter(
        (int((p.lon - west) / width), int((p.lat - south) / height)) for p in positions
    )
    return [
        {
            "lon": round(min(west + (column + 0.5) * width, east), _DIGITS),
            "lat": round(min(south + (row + 0.5) * height, north), _DIGITS),
            "sensors": count,
        }
        for (column, row), count in sorted(counts.items())
    ]


def _alarm_point(
    row: OutgoingRecord, middle_of: dict[str, tuple[float, float]], names: UnitNames
) -> Json | None:
    sensor = names.sensor_entry(row["sensor_id"]) if row["sensor_id"] else None
    place = sensor.place if sensor is not None else row["place"]
    if sensor is not None and sensor.position is not None:
        point: tuple[float, float] | None = (sensor.position.lon, sensor.position.lat)
    else:
        point = next(
            (
                middle_of[unit]
                for tier in reversed(_SEATED)
                if (unit := ancestor_at(place, tier)) in middle_of
            ),
            None,
        )
    if point is None:
        return None
    return {
        "alarm_id": row["alarm_id"],
        "sensor_id": row["sensor_id"],
        "name": sensor.name if sensor is not None else names.unit(place),
        "place_name": names.unit(place),
        "level": row["level"],
        "lon": round(point[0], _DIGITS),
        "lat": round(point[1], _DIGITS),
    }
