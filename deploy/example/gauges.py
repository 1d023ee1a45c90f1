"""The nine published gauges of August 2020 with 19 published points, and four of July 2021."""

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from deploy.example.units import CITY, FOLDER
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
    """A published gauge.

    `datum`, `warning_m`, `guarantee_m` and `record_m` are None where unknown.
    """

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


@dataclass(frozen=True)
class Gauge2021:
    """A gauge of the Qijiang chain of 2021-07-05 (docs/sources.md S22).

    No river and no district is printed with each of them, nor a datum: the place is the city, the
    name is what is printed. Nobody sends its readings, so that it counts as not installed.
    `warning_m` and `guarantee_m` are None where unknown.
    """

    sensor_id: str
    name: str
    warning_m: float | None
    guarantee_m: float

    def entry(self) -> SensorEntry:
        """Its line in the catalogue; the interval is as little known as that of the nine."""
        return SensorEntry(
            sensor_id=self.sensor_id,
            sensor_kind=KIND,
            name=f"{self.name}水位站",
            place=CITY,
            metric=METRIC,
            unit="m",
            interval_s=3600.0,
            installed=False,
        )


def gauges_2021() -> tuple[Gauge2021, ...]:
    """五岔, 蔡家, 赶水, 新炉: thresholds without a replay, the demo hears nothing from them."""
    return (
        Gauge2021("gauge-wucha", "五岔", 198.51, 200.51),
        Gauge2021("gauge-caijia", "笋溪河蔡家", 224.87, 225.65),
        Gauge2021("gauge-ganshui", "赶水", None, 336.00),
        Gauge2021("gauge-xinlu", "新炉", None, 292.00),
    )


@cache
def gauges() -> tuple[Gauge, ...]:
    """The nine of August 2020, in the order of gauges.csv; points in order of time."""
    with (FOLDER / "flood_2020.csv").open(encoding="utf-8", newline="") as file:
        published = list(csv.DictReader(file))
    with (FOLDER / "gauges.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_gauge(row, published) for row in csv.DictReader(file))


def _gauge(row: dict[str, str], published: list[dict[str, str]]) -> Gauge:
    rows = [row_of_gauge for row_of_gauge in published if row_of_gauge["gauge"] == row["gauge"]]
    points = [
        Point(datetime.fromisoformat(row["observed_at"]), float(row["level_m"])) for row in rows
    ]
    return Gauge(
        sensor_id=row["sensor_id"],
        name=row["gauge"],
        river=rows[0]["river"],
        place=row["place"],
        datum=rows[0]["datum"] or None,
        warning_m=_metres(rows[0]["warning_level_m"]),
        guarantee_m=_metres(rows[0]["guarantee_level_m"]),
        record_m=_metres(row["record_m"]),
        points=tuple(sorted(points, key=lambda point: point.at)),
    )


def _metres(text: str) -> float | None:
    return float(text) if text else None
