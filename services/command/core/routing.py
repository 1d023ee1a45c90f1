"""Who receives a command: the unit tree and the recipients that follow from it, resolved once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from services.command.core.plans import Plan, Scope
from shared.contracts.catalog import UnitEntry
from shared.contracts.fields import Tier
from shared.contracts.units import ancestor_at, is_within, parent_of, tier_of


@dataclass(frozen=True, slots=True)
class Recipient:
    """A unit that gets an assignment."""

    unit: str
    tier: Tier
    parent: str | None
    synthetic: bool


class UnitTree:
    """The catalogued units; the newest entry of a unit holds."""

    def __init__(self) -> None:
        self._units: dict[str, Recipient] = {}
        self._names: dict[str, str] = {}
        self._children: dict[str, set[str]] = {}

    def __contains__(self, unit: str) -> bool:
        return unit in self._units

    def __len__(self) -> int:
        return len(self._units)

    def put(self, entry: UnitEntry) -> None:
        """Take in a unit of the catalogue."""
        old = self._units.get(entry.unit)
        if old is not None and old.parent is not None:
            self._children[old.parent].discard(entry.unit)
        if entry.parent is not None:
            self._children.setdefault(entry.parent, set()).add(entry.unit)
        self._units[entry.unit] = Recipient(entry.unit, entry.tier, entry.parent, entry.synthetic)
        self._names[entry.unit] = entry.name

    def get(self, unit: str) -> Recipient:
        """The unit, by its id's own grammar when the catalogue does not know it."""
        return self._units.get(unit) or Recipient(unit, tier_of(unit), parent_of(unit), False)

    def name(self, unit: str) -> str:
        """The unit's name, or its id."""
        return self._names.get(unit, unit)

    def subtree(self, root: str, tiers: Collection[Tier]) -> set[str]:
        """Every catalogued unit at or below `root` whose tier is among `tiers`."""
        found: set[str] = set()
        waiting, seen = [root], {root}
        while waiting:
            unit = waiting.pop()
            one = self._units.get(unit)
            if one is not None and one.tier in tiers:
                found.add(unit)
            below = self._children.get(unit, set()) - seen
            seen |= below
            waiting.extend(below)
        return found


@dataclass(frozen=True, slots=True)
class Reach:
    """Root unit of a command and its recipients in order of their ids."""

    root: str
    recipients: tuple[Recipient, ...]


def reach_of(tree: UnitTree, plan: Plan, place: str, areas: Iterable[str]) -> Reach:
    """Who takes part in `plan` for an alert at `place`.

    A place without a known town (a gauge in another district) concerns its own unit alone.
    """
    named = [place, *areas]
    towns = _towns(tree, named if plan.scope is Scope.AREAS else [place])
    if not towns:
        return Reach(place, (tree.get(place),))
    units: set[str] = set()
    for town in towns:
        if plan.scope is Scope.VILLAGE:
            units.add(town)
            for village in {ancestor_at(unit, Tier.VILLAGE) for unit in named} - {None}:
                assert village is not None
                if is_within(village, town):
                    units |= tree.subtree(village, plan.tiers)
        else:
            units |= tree.subtree(town, plan.tiers)
    districts = {ancestor_at(town, Tier.DISTRICT) for town in towns} - {None}
    if Tier.DISTRICT in plan.tiers:
        units |= {unit for unit in districts if unit is not None}
    roots = towns if len(towns) == 1 and Tier.DISTRICT not in plan.tiers else districts
    root = min((unit for unit in roots if unit is not None), default=place)
    return Reach(root, _in_order(tree, units))


def free_reach(tree: UnitTree, root: str, tiers: Collection[Tier], issuer: str) -> Reach:
    """Recipients of a free command: the subtree within `tiers`, without the issuer itself."""
    return Reach(root, _in_order(tree, tree.subtree(root, tiers) - {issuer}))


def _towns(tree: UnitTree, units: Iterable[str]) -> set[str]:
    towns: set[str] = set()
    for unit in units:
        town = ancestor_at(unit, Tier.TOWN)
        if town is None:
            # A district or the city named as an area stands for all its towns.
            towns |= tree.subtree(unit, (Tier.TOWN,))
        elif town in tree:
            towns.add(town)
    return towns


def _in_order(tree: UnitTree, units: Iterable[str]) -> tuple[Recipient, ...]:
    return tuple(tree.get(unit) for unit in sorted(units))
