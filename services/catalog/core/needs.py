"""The entries that a request needs: those it names, and the units around them."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.catalog.core.versions import named_units, unit_key
from shared.contracts.catalog import PlainEntry, UnitEntry, catalog_key, kind_and_id
from shared.contracts.catalog_requests import (
    CatalogRequest,
    MergeUnits,
    MoveEntries,
    PutEntries,
    RetireEntries,
)
from shared.contracts.units import parent_of


@dataclass(slots=True)
class Needs:
    """Keys of entries, units of which every entry that names them is needed, and units of which all
    that lies below is needed.
    """

    keys: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    subtrees: set[str] = field(default_factory=set)

    def add(self, request: CatalogRequest) -> None:
        """Add what a request needs."""
        self._add_parent(request.origin_unit)
        match request.act:
            case PutEntries(puts=puts):
                for put in puts:
                    self.keys.add(catalog_key(put.entry))
                    self.keys.update(map(unit_key, named_units(put.entry)))
                    if isinstance(put.entry, UnitEntry):
                        self._add_parent(put.entry.unit)
                    if isinstance(put.entry, PlainEntry) and put.entry.source is not None:
                        self.keys.add(put.entry.source)
            case RetireEntries(keys=keys):
                self.keys.update(keys)
                self.named.update(
                    entry_id for kind, entry_id in map(kind_and_id, keys) if kind == "unit"
                )
            case MoveEntries(keys=keys, to=to):
                self.keys.update((*keys, unit_key(to)))
            case MergeUnits(unit=unit, into=into):
                self.subtrees.update((unit, into))

    def _add_parent(self, unit: str) -> None:
        parent = parent_of(unit)
        if parent is not None:
            self.keys.add(unit_key(parent))
