"""Names of units and sensors from the catalogue, and the tree in which selections are resolved."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import islice
from math import cos, hypot, radians

from shared.contracts.catalog import CatalogEntry, SensorEntry, kind_and_id
from shared.contracts.fields import Position, Tier
from shared.contracts.units import ancestor_at, is_within
from shared.domain.selection.tree import UnitTree
from shared.domain.top_unit import TopUnit

_KM_PER_DEGREE = 111.2
_FARTHEST_KM = 20.0
"""A sensor farther away says nothing about the town of a position."""
_NAMED_TIERS = (Tier.CITY, Tier.DISTRICT, Tier.TOWN, Tier.VILLAGE)
_MOST_NAMED = 100


class UnitNames:
    """The newest catalogue entry per unit and sensor."""

    def __init__(self) -> None:
        self.tree = UnitTree()
        self.top = TopUnit()
        self._sensors: dict[str, SensorEntry] = {}
        self._named_units: dict[str, list[tuple[str, str]]] = {}

    def apply(self, message: CatalogEntry) -> None:
        """Apply one entry of the catalogue."""
        if isinstance(message.entry, SensorEntry):
            self._sensors[message.entry.sensor_id] = message.entry
        else:
            self.tree.take(message)
            self.top.take(message)
            self._named_units.clear()

    def remove(self, key: str) -> None:
        """Remove the sensor, unit or group of a deleted entry; the key is `kind:id`."""
        kind, sensor_id = kind_and_id(key)
        if kind == "sensor":
            self._sensors.pop(sensor_id, None)
        else:
            self.tree.remove(key)
            self.top.remove(key)
            self._named_units.clear()

    def unit(self, unit: str) -> str:
        """Return the name of a unit, or its id when the catalogue does not have the unit."""
        return self.tree.name(unit)

    def sensor(self, sensor_id: str) -> str:
        """Return the name of a sensor, or its id when the catalogue does not have the sensor."""
        sensor_entry = self._sensors.get(sensor_id)
        return sensor_id if sensor_entry is None else sensor_entry.name

    def sensor_entry(self, sensor_id: str) -> SensorEntry | None:
        """Return the catalogue entry of a sensor, or None."""
        return self._sensors.get(sensor_id)

    def sensors_by_id(self) -> dict[str, SensorEntry]:
        """Return a copy of all sensors by id, which no later entry changes."""
        return dict(self._sensors)

    def place_at(self, position: Position, root: str) -> str:
        """Return the town in the subtree of `root` whose sensor is nearest to a position.

        The result is `root` where no sensor of the subtree has a position within 20 km.
        """
        sites = [
            (_distance_km(position, entry.position), entry.place)
            for entry in self._sensors.values()
            if entry.position is not None and is_within(entry.place, root)
        ]
        distance, place = min(sites, default=(_FARTHEST_KM, root))
        if distance >= _FARTHEST_KM:
            return root
        town = ancestor_at(place, Tier.TOWN)
        return town if town is not None and is_within(town, root) else root

    def sensors(self, is_visible: Callable[[str], bool], words: str = "") -> list[SensorEntry]:
        """Return the sensors of the visible places by id.

        Each of the words occurs in the id, the name, the name of the place or the metric.
        """
        parts = words.casefold().split()
        return sorted(
            (
                sensor
                for sensor in self._sensors.values()
                if is_visible(sensor.place) and self._mentions(sensor, parts)
            ),
            key=lambda sensor: sensor.sensor_id,
        )

    def _mentions(self, sensor: SensorEntry, parts: Collection[str]) -> bool:
        if not parts:
            return True
        texts = (sensor.sensor_id, sensor.name, self.unit(sensor.place), sensor.metric)
        text = " ".join(texts).casefold()
        return all(part in text for part in parts)

    def units_named(self, words: str, root: str) -> list[str]:
        """Return the first hundred units of a subtree, village and above, by words of the name.

        The names of a subtree are kept until a unit changes: a city has 75,000 units to walk.
        """
        if not words:
            return []
        named_units = self._named_units.get(root)
        if named_units is None:
            named_units = [(unit, self.unit(unit)) for unit in self.within(root, _NAMED_TIERS)]
            self._named_units[root] = named_units
        return list(islice((unit for unit, name in named_units if words in name), _MOST_NAMED))

    def sensors_named(self, words: str) -> list[str]:
        """Return the first hundred sensors by words of the name."""
        if not words:
            return []
        matches = (name for name, sensor in self._sensors.items() if words in sensor.name)
        return list(islice(matches, _MOST_NAMED))

    def within(self, root: str, tiers: Iterable[Tier]) -> list[str]:
        """Return the units of a subtree in these tiers, without departments, sorted by id."""
        return sorted(self.tree.subtree(root, set(tiers)))


def _distance_km(first: Position, second: Position) -> float:
    """Return the distance of two positions near each other."""
    north = first.lat - second.lat
    east = (first.lon - second.lon) * cos(radians(first.lat))
    return hypot(north, east) * _KM_PER_DEGREE
