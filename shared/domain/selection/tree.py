"""The catalogue's units in memory: subtrees, departments, roles, groups. The newest entry holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shared.contracts.catalog import CatalogEntry, GroupEntry, UnitEntry, kind_and_id
from shared.contracts.fields import Tier
from shared.contracts.units import department_of, parent_of, tier_of


@dataclass(frozen=True, slots=True)
class Recipient:
    """A unit that gets an assignment."""

    unit: str
    tier: Tier
    parent: str | None
    synthetic: bool


class UnitTree:
    """Units by id, by parent, by role; groups by name. Departments are no nodes of the tree."""

    def __init__(self) -> None:
        self._units: dict[str, Recipient] = {}
        self._names: dict[str, str] = {}
        self._roles: dict[str, frozenset[str]] = {}
        self._children: dict[str, set[str]] = {}
        self._departments: dict[str, set[str]] = {}
        self._groups: dict[str, GroupEntry] = {}

    def __contains__(self, unit: str) -> bool:
        return unit in self._units

    def __len__(self) -> int:
        return len(self._units)

    def take(self, message: CatalogEntry) -> None:
        """Apply a record of the catalogue topic; sensors and other entries are ignored."""
        if isinstance(message.entry, UnitEntry | GroupEntry):
            self.put(message.entry)

    def put(self, entry: UnitEntry | GroupEntry) -> None:
        """Add or replace a unit or a group."""
        if isinstance(entry, GroupEntry):
            self._groups[entry.group] = entry
            return
        self._detach(entry.unit)
        if entry.parent is not None:
            self._level_below(entry.unit).setdefault(entry.parent, set()).add(entry.unit)
        self._units[entry.unit] = Recipient(entry.unit, entry.tier, entry.parent, entry.synthetic)
        self._names[entry.unit] = entry.name
        self._roles[entry.unit] = frozenset(entry.roles)

    def remove(self, key: str) -> None:
        """Remove the unit or group of a deleted record; the key is `kind:id`."""
        kind, entry_id = kind_and_id(key)
        if kind == "group":
            self._groups.pop(entry_id, None)
        elif kind == "unit" and entry_id in self._units:
            self._detach(entry_id)
            del self._units[entry_id], self._names[entry_id], self._roles[entry_id]

    def get(self, unit: str) -> Recipient:
        """Return the unit; one outside the catalogue follows from the grammar of its id."""
        return self._units.get(unit) or Recipient(unit, tier_of(unit), parent_of(unit), False)

    def name(self, unit: str) -> str:
        """The unit's name, or its id."""
        return self._names.get(unit, unit)

    def group(self, group: str) -> GroupEntry | None:
        """A group, or None when the catalogue has none of this name."""
        return self._groups.get(group)

    @property
    def groups(self) -> frozenset[str]:
        """The names of all groups."""
        return frozenset(self._groups)

    @property
    def department_names(self) -> frozenset[str]:
        """The names that departments have anywhere."""
        return frozenset(name for unit in self._units if (name := department_of(unit)) is not None)

    @property
    def role_names(self) -> frozenset[str]:
        """The roles that units have anywhere."""
        return frozenset().union(*self._roles.values())

    def subtree(self, root: str, tiers: Collection[Tier]) -> set[str]:
        """Every catalogued unit at or below `root` whose tier is among `tiers`; no departments."""
        return {
            unit
            for unit in self._below(root)
            if (recipient := self._units.get(unit)) is not None and recipient.tier in tiers
        }

    def directly_below(self, unit: str) -> list[str]:
        """Return the units one tier below `unit`, then its departments, each ordered by id."""
        return [*sorted(self._children.get(unit, ())), *sorted(self._departments.get(unit, ()))]

    def departments(self, root: str, tiers: Collection[Tier], names: Iterable[str]) -> set[str]:
        """Return the departments with these names of the units at or below `root` of `tiers`."""
        selected = set(names)
        return {
            department
            for unit in self.subtree(root, tiers)
            for department in self._departments.get(unit, ())
            if department_of(department) in selected
        }

    def with_role(self, root: str, roles: Iterable[str]) -> set[str]:
        """Return the units and departments at or below `root` that have one of `roles`."""
        selected = frozenset(roles)
        results = set()
        for unit in self._below(root):
            for department in (unit, *self._departments.get(unit, ())):
                if selected & self._roles.get(department, frozenset()):
                    results.add(department)
        return results

    def _level_below(self, unit: str) -> dict[str, set[str]]:
        return self._children if department_of(unit) is None else self._departments

    def _detach(self, unit: str) -> None:
        """Take the unit, if there is such a unit, from its parent."""
        old = self._units.get(unit)
        if old is not None and old.parent is not None:
            self._level_below(unit)[old.parent].discard(unit)

    def _below(self, root: str) -> set[str]:
        """Return `root` and all ids below; a cycle of parents in the catalogue does no harm."""
        units, queue = {root}, [root]
        while queue:
            for unit in self._children.get(queue.pop(), ()):
                if unit not in units:
                    units.add(unit)
                    queue.append(unit)
        return units
