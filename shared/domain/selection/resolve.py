"""The resolution of a selection against the catalogue: its units and its unknown names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts.fields import Tier
from shared.contracts.selections import (
    Anchor,
    Departments,
    Group,
    Listed,
    Part,
    Role,
    Selection,
    Subtree,
)
from shared.contracts.units import ancestor_at, is_unit, lineage, nearest_at, tier_of
from shared.domain.selection.tree import UnitTree


@dataclass(frozen=True, slots=True)
class AlertScope:
    """The place and the areas of an alert, to which anchors refer."""

    place: str
    areas: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Place and areas."""
        return (self.place, *self.areas)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The units of a selection.

    `unknown` are units and groups outside the catalogue, and anchors without an alert; they select
    nobody.
    """

    units: frozenset[str]
    unknown: tuple[str, ...]


def resolve(tree: UnitTree, selection: Selection, scope: AlertScope | None = None) -> Resolution:
    """Return the units of `selection`; the same catalogue always gives the same units."""
    unknown: set[str] = set()
    units: set[str] = set()
    for part in selection.include:
        units |= _units_of(tree, part, scope, unknown)
    for part in selection.exclude:
        units -= _units_of(tree, part, scope, unknown)
    return Resolution(frozenset(units), tuple(sorted(unknown)))


def _units_of(tree: UnitTree, part: Part, scope: AlertScope | None, unknown: set[str]) -> set[str]:
    match part:
        case Subtree():
            roots = _roots(tree, part.of, scope, unknown)
            return _union(tree.subtree(root, part.tiers) for root in roots)
        case Departments():
            roots = _roots(tree, part.of, scope, unknown)
            return _union(tree.departments(root, part.tiers, part.departments) for root in roots)
        case Role():
            roots = _roots(tree, part.of, scope, unknown)
            return _union(tree.with_role(root, part.roles) for root in roots)
        case Group():
            group = tree.group(part.group)
            if group is None:
                unknown.add(part.group)
                return set()
            return _catalogued(tree, group.members, unknown)
        case Listed():
            return _catalogued(tree, part.units, unknown)


def _roots(tree: UnitTree, root: str, scope: AlertScope | None, unknown: set[str]) -> set[str]:
    if is_unit(root):
        return _catalogued(tree, (root,), unknown)
    if scope is None:
        unknown.add(root)
        return set()
    match Anchor(root):
        case Anchor.PLACE:
            return {scope.place}
        case Anchor.VILLAGES:
            return {name for unit in scope.named if (name := ancestor_at(unit, Tier.VILLAGE))}
        case Anchor.TOWN:
            return _at(tree, (scope.place,), Tier.TOWN)
        case Anchor.TOWNS:
            return _at(tree, scope.named, Tier.TOWN)
        case Anchor.DISTRICT:
            return _at(tree, (scope.place,), Tier.DISTRICT)
        case Anchor.DISTRICTS:
            return _at(tree, scope.named, Tier.DISTRICT)
        case Anchor.CITY:
            return {lineage(scope.place)[-1]}


def _at(tree: UnitTree, units: Iterable[str], tier: Tier) -> set[str]:
    """Return the ancestors of a tier; a unit above the tier gives all its units of the tier.

    A city without districts is in their place.
    """
    results: set[str] = set()
    for unit in units:
        own = nearest_at(unit, tier)
        below = tree.subtree(unit, (tier,)) if own is None else {own}
        if not below and tier is Tier.DISTRICT and tier_of(unit) is Tier.CITY:
            below = {lineage(unit)[-1]}
        results |= below
    return results


def _catalogued(tree: UnitTree, units: Iterable[str], unknown: set[str]) -> set[str]:
    catalogued = {unit for unit in units if unit in tree}
    unknown.update(unit for unit in units if unit not in catalogued)
    return catalogued


def _union(sets: Iterable[set[str]]) -> set[str]:
    return set().union(*sets)
