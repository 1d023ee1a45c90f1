"""Metrics with their units, possible values, and their need of a datum.

The table may be extended and is no norm: a metric outside the table is a warning. `low` and `high`
bound the quantity itself in its first unit; the range of an instrument belongs to a range rule.
"""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_DATUM = "datum: null says that it is not known"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A metric. `units` are UCUM-like; `datum_kinds` are kinds of sensors whose levels need one."""

    units: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    datum_kinds: tuple[str, ...] = ()


DATUMS = ("吴淞", "黄海", "1985国家高程基准", "1956黄海高程", "珠江", "假定")
"""Vertical datums in use; never converted by a constant."""
_GAUGES = ("river_gauge", "reservoir_gauge", "lake_gauge", "tide_gauge")

METRICS: dict[str, Quantity] = {
    # water
    "water_level": Quantity(("m", "cm"), datum_kinds=_GAUGES),
    "manhole_level": Quantity(("m", "cm")),
    "flood_depth": Quantity(("m", "cm"), 0),
    "flow": Quantity(("m3/s",)),
    "inflow_deficit_30d": Quantity(("%",), -1000, 100),
    "flow_speed": Quantity(("m/s",), 0),
    "rainfall": Quantity(("mm",), 0),
    "soil_moisture": Quantity(("%",), 0, 100),
    "snow_depth": Quantity(("cm", "m"), 0),
    "water_pressure": Quantity(("kPa", "MPa")),
    "pore_pressure": Quantity(("kPa",)),
    "seepage_pressure": Quantity(("kPa",)),
    # weather
    "temperature": Quantity(("Cel",), -273.15),
    "temperature_max_day": Quantity(("Cel",), -273.15),
    "humidity": Quantity(("%",), 0, 100),
    "wind_speed": Quantity(("m/s",), 0),
    "gust_speed": Quantity(("m/s",), 0),
    "visibility": Quantity(("m", "km"), 0),
    "air_pressure": Quantity(("hPa",), 0),
    "fire_danger": Quantity(("1",), 0),
    "fire_danger_grade": Quantity(("1",), 0, 5),
    # ground
    "displacement": Quantity(("mm",)),
    "crack_width": Quantity(("mm",), 0),
    "tangent_angle": Quantity(("deg",), 0, 90),
    "tilt": Quantity(("deg",), -180, 180),
    "vibration": Quantity(("mm/s",), 0),
    "intensity": Quantity(("1",), 0, 12),
    # gas, air and fire
    "gas_lel": Quantity(("%LEL",), 0),
    "methane": Quantity(("%",), 0, 100),
    "co": Quantity(("ppm",), 0),
    "co2": Quantity(("ppm",), 0),
    "h2s": Quantity(("ppm",), 0),
    "nh3": Quantity(("ppm",), 0),
    "cl2": Quantity(("ppm",), 0),
    "o2": Quantity(("%",), 0, 100),
    "oxygen": Quantity(("%",), 0, 100),
    "toxic_oel": Quantity(("%OEL",), 0),
    "toxic_idlh": Quantity(("%IDLH",), 0),
    "pm25": Quantity(("ug/m3",), 0),
    "pm10": Quantity(("ug/m3",), 0),
    "o3": Quantity(("ug/m3",), 0),
    "aqi": Quantity(("1",), 0, 500),
    "aqi_day": Quantity(("1",), 0, 500),
    "smoke_obscuration": Quantity(("%/m",), 0, 100),
    "radiation": Quantity(("uSv/h", "nSv/h"), 0),
    # works and devices
    "gas_pressure": Quantity(("kPa", "MPa")),
    "pressure": Quantity(("kPa", "MPa")),
    "current": Quantity(("A", "mA"), 0),
    "voltage": Quantity(("V",), 0),
    "battery": Quantity(("%", "V"), 0),
}


def bounds(metric: str | None, unit: str | None) -> tuple[float, float]:
    """Return the possible values; unlimited for unknown metrics and for further units."""
    quantity = METRICS.get(metric or "")
    if quantity is None or unit != quantity.units[0]:
        return float("-inf"), float("inf")
    low = float("-inf") if quantity.low is None else quantity.low
    return low, float("inf") if quantity.high is None else quantity.high


def needs_datum(metric: str | None, sensor_kind: str | None) -> bool:
    """Return whether levels of these sensors need a datum."""
    quantity = METRICS.get(metric or "")
    return quantity is not None and sensor_kind in quantity.datum_kinds
