"""20,000 catalogued sensors: the published gauges, the rest generated and marked synthetic.

A generated sensor stands at a *site*: sensors of one installation share a site and its position.
Sites lie on a regular lattice inside the district's bounding box, so that nobody takes the result
for a map.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache

from deploy.example.gauges import gauges, gauges_2021
from deploy.example.units import of_tier
from shared.contracts.catalog import SensorEntry, UnitEntry
from shared.contracts.fields import Position, Tier

TOTAL = 20_000
"""The number of sensing resources published for the district (docs/sources.md S30)."""
PLAYED_EVERY_S = 28_800.0
"""No interval of the catalogue is shorter.

The demo plays five days in eighty seconds and so hears a sensor every 7.5 to 15 hours; with the
plans below, all 20,000 would be silent. A district that hears its sensors as planned takes
`catalogue(fastest_s=0)`.
"""

# How much older than its sensor's newest reading one may be. A rain gauge's radio link fails when
# it rains most; it sends the gap afterwards, and sums over hours still need it. A wired gas
# detector is heard every minute: an older value says nothing about now. The rest are one gateway's
# retries apart.
RAIN_LATENESS_S, GAS_LATENESS_S, LATENESS_S = 3600.0, 60.0, 300.0
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0


@dataclass(frozen=True)
class Kind:
    """A kind of generated sensor. `low` and `high` bound its readings on a quiet day."""

    slug: str
    label: str
    metric: str
    unit: str
    low: float
    high: float
    interval_s: float
    """How often it would report in a district."""
    lateness_s: float = LATENESS_S
    weight: int = 1
    """Share among the general sensors of a village."""


KINDS = (
    Kind(
        "rain_gauge", "雨量站", "rainfall", "mm", 0.0, 2.0, 5 * _MINUTE, RAIN_LATENESS_S, weight=8
    ),
    Kind("water_level", "河道水位计", "water_level", "m", 0.4, 1.2, 5 * _MINUTE, weight=7),
    Kind(
        "gas_detector",
        "可燃气体探测器",
        "gas_lel",
        "%LEL",
        0.0,
        6.0,
        _MINUTE,
        GAS_LATENESS_S,
        weight=15,
    ),
    Kind("soil_moisture", "土壤含水率仪", "soil_moisture", "%", 18.0, 34.0, _HOUR, weight=11),
    Kind("thermometer", "气温计", "temperature", "Cel", 22.0, 33.0, 10 * _MINUTE, weight=11),
    Kind("smoke_detector", "烟感", "smoke_obscuration", "%/m", 0.0, 0.6, 5 * _MINUTE, weight=14),
    Kind("manhole_level", "窨井水位计", "manhole_level", "m", 0.1, 0.9, 10 * _MINUTE, weight=9),
)
"""Every village has all of these."""
PLANT_KINDS = (
    Kind("co_detector", "一氧化碳探测器", "co", "ppm", 0.0, 5.0, _MINUTE, GAS_LATENESS_S),
    Kind("h2s_detector", "硫化氢探测器", "h2s", "ppm", 0.0, 1.0, _MINUTE, GAS_LATENESS_S),
    Kind("o2_detector", "氧气探测器", "oxygen", "%", 20.6, 21.0, _MINUTE, GAS_LATENESS_S),
    Kind("methane_detector", "甲烷探测器", "methane", "%", 0.0, 0.2, _MINUTE, GAS_LATENESS_S),
    Kind(
        "toxic_detector", "有毒气体探测器", "toxic_oel", "%OEL", 0.0, 15.0, _MINUTE, GAS_LATENESS_S
    ),
)
"""Beside the gas detectors of each village's first plant."""
SLOPE_KINDS = (
    Kind("slope_tilt", "边坡倾角计", "tilt", "deg", -0.5, 0.5, 10 * _MINUTE),
    Kind("slope_displacement", "边坡位移计", "displacement", "mm", 0.0, 5.0, 10 * _MINUTE),
)
"""At each village's first slope, beside the soil moisture."""
STATION_KINDS = (
    Kind("anemometer", "风速仪", "wind_speed", "m/s", 0.5, 6.0, 10 * _MINUTE),
    Kind("gust_meter", "阵风仪", "gust_speed", "m/s", 1.0, 9.0, 10 * _MINUTE),
    Kind("visibility_meter", "能见度仪", "visibility", "m", 5_000.0, 30_000.0, 10 * _MINUTE),
)
"""At the first station of each town's first village: with its rain gauge and thermometer a full
one.
"""
TOWN_KINDS = (
    Kind("temperature_day", "日最高气温", "temperature_max_day", "Cel", 26.0, 34.0, _DAY),
    Kind("air_quality", "空气质量日报", "aqi_day", "1", 30.0, 110.0, _DAY),
    Kind("fire_danger", "森林火险等级", "fire_danger_grade", "1", 1.0, 2.0, _DAY),
    Kind("inflow_index", "三十日来水距平", "inflow_deficit_30d", "%", -10.0, 30.0, _DAY),
)
"""Values an office computes for a whole town, once a day."""
BY_SLUG = {
    kind.slug: kind for kind in (*KINDS, *PLANT_KINDS, *SLOPE_KINDS, *STATION_KINDS, *TOWN_KINDS)
}

_WEST, _SOUTH, _EAST, _NORTH = 105.626, 28.942, 106.085, 29.573
"""The district's bounding box (docs/sources.md S31): all that is known of where a village lies."""
_COLUMNS, _ROWS = 15, 18
"""270 cells of about 3 by 4 km for 267 villages."""
_APART_LON, _APART_LAT = 0.005, 0.0025
"""Half a kilometre between sites of two sorts, 280 m between two of one sort."""
_SORTS = ("station", "plant", "slope", "stream", "street")


@cache
def all_sensors() -> tuple[SensorEntry, ...]:
    """Return the catalogue of the local stack and the demo; every run has the same."""
    return catalogue(PLAYED_EVERY_S)


def catalogue(fastest_s: float) -> tuple[SensorEntry, ...]:
    """Return the sensors, gauges first; `fastest_s` is the shortest interval of a sensor."""
    result = [gauge.entry() for gauge in gauges()] + [gauge.entry() for gauge in gauges_2021()]
    special = _special(fastest_s)
    villages = of_tier(Tier.VILLAGE)
    pattern = _pattern()
    counts: Counter[str] = Counter()
    turn = 0
    while len(result) < TOTAL - len(special):
        kind = pattern[turn % len(pattern)]
        site = _site_of(kind.slug, counts[kind.slug])
        counts[kind.slug] += 1
        remaining = TOTAL - len(special) - len(result)
        result += [
            _entry(kind, village, turn, site, number, fastest_s)
            for number, village in enumerate(villages[:remaining])
        ]
        turn += 1
    return (*result, *special)


def sensor_id(slug: str, place: str, turn: int) -> str:
    """Return the id of a place's `turn`-th generated sensor."""
    return f"{slug}-{place}-{turn:02}"


def sensors_of(kind: str, village: str) -> list[SensorEntry]:
    """Return the village's sensors of one kind, by id."""
    return [
        sensor for sensor in all_sensors() if sensor.sensor_kind == kind and sensor.place == village
    ]


def _special(fastest_s: float) -> list[SensorEntry]:
    """Return the sensors of which a village has few."""
    results = []
    for number, village in enumerate(of_tier(Tier.VILLAGE)):
        for sort, kinds in (("plant", PLANT_KINDS), ("slope", SLOPE_KINDS)):
            results += [_entry(kind, village, 0, (sort, 0), number, fastest_s) for kind in kinds]
        if village.unit == _first_village(village.unit):
            results += [
                _entry(kind, village, 0, ("station", 0), number, fastest_s)
                for kind in STATION_KINDS
            ]
    for town in of_tier(Tier.TOWN):
        results += [_entry(kind, town, 0, ("town", 0), None, fastest_s) for kind in TOWN_KINDS]
    return results


def _entry(
    kind: Kind,
    unit: UnitEntry,
    turn: int,
    site: tuple[str, int],
    number: int | None,
    fastest_s: float,
) -> SensorEntry:
    """Return a unit's `turn`-th sensor; `number` counts villages. Town values have no position."""
    sort, rank = site
    return SensorEntry(
        sensor_id=sensor_id(kind.slug, unit.unit, turn),
        sensor_kind=kind.slug,
        name=f"{unit.name}{kind.label}{turn + 1}",
        place=unit.unit,
        metric=kind.metric,
        unit=kind.unit,
        interval_s=max(kind.interval_s, fastest_s),
        lateness_s=kind.lateness_s,
        site=f"{sort}-{unit.unit}-{rank:02}",
        position=None if number is None else _position(number, sort, rank),
        synthetic=True,
    )


def _site_of(slug: str, rank: int) -> tuple[str, int]:
    """Return the site of a village's `rank`-th sensor of a kind: sort and number.

    Two gas and two smoke detectors make a plant, and every other thermometer hangs in one: so
    alarms of several kinds can meet at one site, and so can two detectors.
    """
    match slug:
        case "gas_detector" | "smoke_detector":
            return "plant", rank // 2
        case "thermometer":
            return "plant" if rank % 2 else "station", rank // 2
        case "rain_gauge":
            return "station", rank
        case "soil_moisture":
            return "slope", rank
        case "water_level":
            return "stream", rank
        case _:
            return "street", rank


@cache
def _position(village: int, sort: str, rank: int) -> Position:
    """Return an invented position: a cell of the lattice per village, a column per sort of site."""
    row, column = divmod(village, _COLUMNS)
    lon = _WEST + (column + 0.5) * (_EAST - _WEST) / _COLUMNS
    lat = _SOUTH + (row + 0.5) * (_NORTH - _SOUTH) / _ROWS
    lon += (_SORTS.index(sort) - len(_SORTS) // 2) * _APART_LON
    lat += (rank - 6) * _APART_LAT
    return Position(lat=round(lat, 5), lon=round(lon, 5))


@cache
def _first_village(village: str) -> str:
    """Return the first village, by code, of the town of `village`."""
    return min(
        unit_entry.unit
        for unit_entry in of_tier(Tier.VILLAGE)
        if unit_entry.unit[:9] == village[:9]
    )


def _pattern() -> list[Kind]:
    """Return general kinds in a fixed order: each appears early and in proportion to its weight."""
    turns = [(turn / kind.weight, kind.slug) for kind in KINDS for turn in range(kind.weight)]
    return [BY_SLUG[slug] for _, slug in sorted(turns)]
