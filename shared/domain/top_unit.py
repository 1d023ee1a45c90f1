"""The topmost unit of the catalogue: it receives what concerns the installation as a whole."""

from __future__ import annotations

from shared.contracts.catalog import CatalogEntry, Entry, UnitEntry, kind_and_id
from shared.contracts.fields import Tier
from shared.contracts.units import NO_UNIT, is_above_cities, tier_of

_TIERS = list(Tier)


class TopUnit:
    """The unit of the highest tier in the catalogue; of several, the one with the smallest id.

    The office of a district without its city is topped by the district.
    """

    def __init__(self) -> None:
        self._units: set[str] = set()
        self._top: str | None = None

    @property
    def unit(self) -> str:
        """The topmost unit; NO_UNIT as long as the catalogue has none."""
        if self._top is None:
            self._top = min(self._units, key=_rank, default=NO_UNIT)
        return self._top

    def take(self, message: CatalogEntry) -> None:
        """Apply a record of the catalogue."""
        self.put(message.entry)

    def put(self, entry: Entry) -> None:
        """Apply an entry of the catalogue; departments, grids and provinces do not count."""
        if not isinstance(entry, UnitEntry) or "/" in entry.unit or is_above_cities(entry.unit):
            return
        self._units.add(entry.unit)
        self._top = None

    def remove(self, key: str) -> None:
        """Remove the unit of a deleted record; the key is `kind:id`."""
        kind, unit = kind_and_id(key)
        if kind == "unit" and unit in self._units:
            self._units.remove(unit)
            self._top = None


def _rank(unit: str) -> tuple[int, str]:
    return _TIERS.index(tier_of(unit)), unit
