"""Names of units and sensors from the catalogue, and the unit tree that selections are resolved by."""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.catalog import CatalogEntry, SensorEntry
from shared.contracts.fields import Tier
from shared.domain.selection.tree import UnitTree


class Names:
    """The newest catalogue entry per unit and sensor."""

    def __init__(self) -> None:
        self.tree = UnitTree()
        self._sensors: dict[str, SensorEntry] = {}

    def take(self, message: CatalogEntry) -> None:
        """Apply one entry of the catalogue."""
        if isinstance(message.entry, SensorEntry):
            self._sensors[message.entry.sensor_id] = message.entry
        else:
            self.tree.take(message)

    def unit(self, unit: str) -> str:
        """The unit's name; its id where the catalogue does not know it."""
        return self.tree.name(unit)

    def sensor(self, sensor_id: str) -> str:
        """The sensor's name; its id where the catalogue does not know it."""
        sensor_entry = self._sensors.get(sensor_id)
        return sensor_id if sensor_entry is None else sensor_entry.name

    def sensor_entry(self, sensor_id: str) -> SensorEntry | None:
        """What the catalogue says of a sensor; None where it does not know it."""
        return self._sensors.get(sensor_id)

    def within(self, root: str, tiers: Iterable[Tier]) -> list[str]:
        """Units of `root`'s subtree in these tiers, departments left out, in code-point order."""
        return sorted(self.tree.subtree(root, set(tiers)))
