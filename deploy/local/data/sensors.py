"""20,000 catalogued sensors: the nine published gauges, the rest generated and marked synthetic."""

from dataclasses import dataclass
from functools import cache

from deploy.local.data.gauges import gauges
from deploy.local.data.units import of_tier
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Tier

TOTAL = 20_000
"""The number of sensing resources the mission document names for the district."""
INTERVAL_S = 28_800.0


@dataclass(frozen=True)
class Kind:
    """A kind of generated sensor. `low` and `high` bound what it reads on a quiet day."""

    slug: str
    label: str
    metric: str
    unit: str
    low: float
    high: float
    weight: int
    """Share among the sensors of a village."""


KINDS = (
    Kind("rain_gauge", "雨量站", "rainfall", "mm", 0.0, 2.0, 8),
    Kind("water_level", "河道水位计", "water_level", "m", 0.4, 1.2, 7),
    Kind("gas_detector", "可燃气体探测器", "gas_lel", "%LEL", 0.0, 6.0, 15),
    Kind("soil_moisture", "土壤含水率仪", "soil_moisture", "%", 18.0, 34.0, 11),
    Kind("thermometer", "气温计", "temperature", "Cel", 22.0, 33.0, 11),
    Kind("smoke_detector", "烟感", "smoke_obscuration", "%/m", 0.0, 0.6, 14),
    Kind("manhole_level", "窨井水位计", "manhole_level", "m", 0.1, 0.9, 9),
)
BY_SLUG = {kind.slug: kind for kind in KINDS}


@cache
def all_sensors() -> tuple[SensorEntry, ...]:
    """The catalogue's sensors, gauges first; the same in every run."""
    found = [gauge.entry() for gauge in gauges()]
    villages = of_tier(Tier.VILLAGE)
    pattern = _pattern()
    number = 0
    while len(found) < TOTAL:
        village = villages[number % len(villages)]
        turn = number // len(villages)
        kind = pattern[turn % len(pattern)]
        found.append(
            SensorEntry(
                sensor_id=sensor_id(kind.slug, village.unit, turn),
                sensor_kind=kind.slug,
                name=f"{village.name}{kind.label}{turn + 1}",
                place=village.unit,
                metric=kind.metric,
                unit=kind.unit,
                interval_s=INTERVAL_S,
                synthetic=True,
            )
        )
        number += 1
    return tuple(found)


def sensor_id(slug: str, village: str, turn: int) -> str:
    """The id of a village's `turn`-th generated sensor."""
    return f"{slug}-{village}-{turn:02}"


def sensors_of(kind: str, village: str) -> list[SensorEntry]:
    """The village's sensors of one kind, by id."""
    return [one for one in all_sensors() if one.sensor_kind == kind and one.place == village]


def _pattern() -> list[Kind]:
    """Kinds in a fixed order in which each appears early and in proportion to its weight."""
    turns = [(turn / kind.weight, kind.slug) for kind in KINDS for turn in range(kind.weight)]
    return [BY_SLUG[slug] for _, slug in sorted(turns)]
