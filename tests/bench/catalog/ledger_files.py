"""Files of an invented city: its units, 100,000 sensors, and 100,000 rows with planted errors."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from shared.contracts.catalog import SensorEntry, UnitEntry
from shared.contracts.fields import Position, Tier
from shared.contracts.units import parent_of, tier_of

Say = Callable[[str], None]
"""Writes a line of progress."""
CITY, DISTRICT = "990100000000", "990102000000"
TOWNS = [f"990102{number:03}000" for number in range(101, 141)]
VILLAGES = [f"{town[:9]}{number}" for town in TOWNS for number in range(201, 211)]
PLANTED = 300
"""Planted errors; each of the kinds of `ERRORS` stands equally often in the file."""
HEADINGS = (
    "sensor_id", "sensor_kind", "name", "place", "metric", "unit_of_measure", "datum",
    "interval_s", "lat", "lon", "grade",
)  # fmt: skip
ERRORS: dict[str, tuple[str, str]] = {
    "missing_value": ("name", ""),
    "unknown_unit": ("place", "990102999000"),
    "shortened_number": ("place", "9.90102E+11"),
    "unit_not_of_metric": ("unit_of_measure", "m"),
    "datum_not_of_metric": ("datum", "黄海"),
    "duplicate_key": ("sensor_id", "rain-000000"),
    "second_source": ("name", "雨量站 0"),
    "control_character": ("name", "雨量\n站"),
    "cell_too_long": ("name", "站" * 40_000),
    "formula_cell": ("lat", "=1+1"),
}
"""Each reason with the column and the cell that make it."""
INVALID = {"interval_s": "每小时", "lat": "91", "grade": "绝密", "sensor_kind": "Rain Gauge"}
"""Columns with a cell that is not valid."""


def units() -> list[UnitEntry]:
    """Return the city, its district, 40 towns and 400 villages."""
    codes = (CITY, DISTRICT, *TOWNS, *VILLAGES)
    return [
        UnitEntry(
            unit=code,
            tier=tier_of(code),
            name=f"单位 {code}",
            parent=None if tier_of(code) is Tier.CITY else parent_of(code),
            synthetic=True,
        )
        for code in codes
    ]


def sensors(count: int) -> Iterator[SensorEntry]:
    """Yield rain gauges, spread evenly over the villages."""
    for number in range(count):
        yield SensorEntry(
            sensor_id=f"rain-{number:06}",
            sensor_kind="rain_gauge",
            name=f"雨量站 {number}",
            place=VILLAGES[number % len(VILLAGES)],
            metric="rainfall",
            unit="mm",
            interval_s=300.0,
            position=Position(lat=29 + number / 1_000_000, lon=105.85),
            synthetic=True,
        )


def planted(count: int) -> tuple[bytes, dict[int, tuple[str, str]]]:
    """Return a CSV file with errors, and the reason and the column of each of these rows."""
    plants = [(reason, *cell) for reason, cell in ERRORS.items()]
    plants += [("invalid_value", column, cell) for column, cell in INVALID.items()]
    every = count // (PLANTED + 1)
    text, expected = io.StringIO(newline=""), dict[int, tuple[str, str]]()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    line = 2
    for number, sensor in enumerate(sensors(count)):
        cells = _cells(sensor)
        if number % every == every - 1 and len(expected) < PLANTED:
            reason, column, cell = plants[len(expected) % len(plants)]
            cells[column] = cell
            if reason == "second_source":
                cells["place"] = VILLAGES[0]
            expected[line] = (reason, column)
        writer.writerow(cells.values())
        line += 1 + sum(cell.count("\n") for cell in cells.values())
    return text.getvalue().encode(), expected


def _cells(sensor: SensorEntry) -> dict[str, str]:
    position = sensor.position or Position(lat=0, lon=0)
    texts: tuple[object, ...] = (
        sensor.sensor_id, sensor.sensor_kind, sensor.name, sensor.place, sensor.metric,
        sensor.unit, "", int(sensor.interval_s), position.lat, position.lon, "general",
    )  # fmt: skip
    return dict(zip(HEADINGS, map(str, texts), strict=True))
