"""Names of units and sensors from the catalogue, and the unit tree for counting recipients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from services.console.core.access import span_of
from shared.contracts.catalog import CatalogEntry, SensorEntry, UnitEntry
from shared.contracts.fields import Tier


class Names:
    """The newest catalogue entry per unit and sensor."""

    def __init__(self) -> None:
        self._units: dict[str, tuple[str, Tier]] = {}
        self._sensors: dict[str, str] = {}

    def take(self, message: CatalogEntry) -> None:
        """Apply one entry of the catalogue."""
        entry = message.entry
        if isinstance(entry, UnitEntry):
            self._units[entry.unit] = (entry.name, entry.tier)
        elif isinstance(entry, SensorEntry):
            self._sensors[entry.sensor_id] = entry.name

    def unit(self, unit: str) -> str:
        """The unit's name; its id where the catalogue does not know it."""
        known = self._units.get(unit)
        return known[0] if known else unit

    def sensor(self, sensor_id: str) -> str:
        """The sensor's name; its id where the catalogue does not know it."""
        return self._sensors.get(sensor_id, sensor_id)

    def within(self, root: str, tiers: Iterable[Tier]) -> list[str]:
        """Units of `root`'s subtree in these tiers, departments left out, in code-point order."""
        wanted, span = set(tiers), span_of(root)
        return sorted(
            unit
            for unit, (_, tier) in self._units.items()
            if tier in wanted and span.holds(unit) and ("/" not in unit or "/grid/" in unit)
        )

    def count(self, root: str, tiers: Iterable[Tier]) -> dict[Tier, int]:
        """How many units a command to `root` within `tiers` reaches, by tier."""
        wanted = list(tiers)
        found = Counter(self._units[unit][1] for unit in self.within(root, wanted))
        return {tier: found[tier] for tier in Tier if tier in wanted}
