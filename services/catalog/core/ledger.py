"""The entries that one transaction needs, as its changes leave them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from services.catalog.core.versions import EntryVersion, named_units, unit_key
from shared.contracts.catalog import Entry
from shared.contracts.units import parent_of


class Ledger:
    """Newest versions by key, and the entries in use that name a unit."""

    def __init__(self, versions: Iterable[EntryVersion] = ()) -> None:
        self._newest: dict[str, EntryVersion] = {}
        self._naming: defaultdict[str, set[str]] = defaultdict(set)
        self._replaced: list[tuple[str, EntryVersion | None]] = []
        for version in versions:
            self.put(version)

    def put(self, version: EntryVersion) -> None:
        """Make this version the newest of its entry."""
        self._replaced.append((version.key, self._newest.get(version.key)))
        self._set(version.key, version)

    def mark(self) -> int:
        """Return the present state for `go_back`."""
        return len(self._replaced)

    def go_back(self, mark: int) -> None:
        """Undo every `put` since the mark."""
        while len(self._replaced) > mark:
            self._set(*self._replaced.pop())

    def _set(self, key: str, version: EntryVersion | None) -> None:
        if (entry := self.entry(key)) is not None:
            for unit in named_units(entry):
                self._naming[unit].discard(key)
        if version is None:
            del self._newest[key]
            return
        self._newest[key] = version
        if version.live is not None:
            for unit in named_units(version.live):
                self._naming[unit].add(key)

    def newest(self, key: str) -> EntryVersion | None:
        """Return the newest version of an entry, also of a retired one."""
        return self._newest.get(key)

    def entry(self, key: str) -> Entry | None:
        """Return an entry in use."""
        version = self._newest.get(key)
        return None if version is None else version.live

    def has_unit(self, unit: str) -> bool:
        """Return whether a unit is in use."""
        return self.entry(unit_key(unit)) is not None

    def naming(self, unit: str) -> set[str]:
        """Return the keys of the entries in use that name a unit."""
        return set(self._naming[unit])

    def is_root(self, unit: str) -> bool:
        """Return whether the ledger has no unit above this one."""
        parent = parent_of(unit)
        return parent is None or not self.has_unit(parent)
