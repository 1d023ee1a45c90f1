"""The nine published gauges of August 2020 and their 19 published points."""

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from deploy.local.data.units import FOLDER
from shared.contracts.catalog import SensorEntry

KIND = "river_gauge"
METRIC = "water_level"


@dataclass(frozen=True)
class Point:
    """One published level, in metres above the gauge's datum."""

    at: datetime
    level_m: float


@dataclass(frozen=True)
class Gauge:
    """A published gauge. `datum`, `warning_m`, `guarantee_m` and `record_m` are None where unknown."""

    sensor_id: str
    name: str
    river: str
    place: str
    datum: str | None
    warning_m: float | None
    guarantee_m: float | None
    record_m: float | None
    points: tuple[Point, ...]

    def entry(self) -> SensorEntry:
        """Its line in the catalogue. It reports hourly at least; the bulletins give no interval."""
        return SensorEntry(
            sensor_id=self.sensor_id,
            sensor_kind=KIND,
            name=f"{self.river}{self.name}水位站",
            place=self.place,
            metric=METRIC,
            unit="m",
            datum=self.datum,
            interval_s=3600.0,
        )


@cache
def gauges() -> tuple[Gauge, ...]:
    """All nine, in the order of gauges.csv; points in order of time."""
    with (FOLDER / "flood_2020.csv").open(encoding="utf-8", newline="") as file:
        published = list(csv.DictReader(file))
    with (FOLDER / "gauges.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_gauge(row, published) for row in csv.DictReader(file))


def _gauge(row: dict[str, str], published: list[dict[str, str]]) -> Gauge:
    mine = [one for one in published if one["gauge"] == row["gauge"]]
    points = [
        Point(datetime.fromisoformat(one["observed_at"]), float(one["level_m"])) for one in mine
    ]
    return Gauge(
        sensor_id=row["sensor_id"],
        name=row["gauge"],
        river=mine[0]["river"],
        place=row["place"],
        datum=mine[0]["datum"] or None,
        warning_m=_metres(mine[0]["warning_level_m"]),
        guarantee_m=_metres(mine[0]["guarantee_level_m"]),
        record_m=_metres(row["record_m"]),
        points=tuple(sorted(points, key=lambda point: point.at)),
    )


def _metres(text: str) -> float | None:
    return float(text) if text else None
