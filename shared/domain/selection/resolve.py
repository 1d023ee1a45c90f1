"""A selection against the catalogue: the units it means, and the names that it means nobody by."""

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
from shared.contracts.units import ancestor_at, is_unit, lineage
from shared.domain.selection.tree import UnitTree


@dataclass(frozen=True, slots=True)
class About:
    """What an alert is about, for anchors: its place and the areas it names."""

    place: str
    areas: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Place and areas."""
        return (self.place, *self.areas)


@dataclass(frozen=True, slots=True)
class Found:
    """What a selection means. `unknown`: units and groups the catalogue does not have, anchors that
    are relative to no alert; they mean nobody.
    """

    units: frozenset[str]
    unknown: tuple[str, ...]


def resolve(tree: UnitTree, selection: Selection, about: About | None = None) -> Found:
    """The units of `selection`; the same for the same catalogue, whoever asks."""
    unknown: set[str] = set()
    units: set[str] = set()
    for part in selection.include:
        units |= _units_of(tree, part, about, unknown)
    for part in selection.exclude:
        units -= _units_of(tree, part, about, unknown)
    return Found(frozenset(units), tuple(sorted(unknown)))


def _units_of(tree: UnitTree, part: Part, about: About | None, unknown: set[str]) -> set[str]:
    match part:
        case Subtree():
            roots = _roots(tree, part.of, about, unknown)
            return _union(tree.subtree(root, part.tiers) for root in roots)
        case Departments():
            roots = _roots(tree, part.of, about, unknown)
            return _union(tree.departments(root, part.tiers, part.departments) for root in roots)
        case Role():
            roots = _roots(tree, part.of, about, unknown)
            return _union(tree.with_role(root, part.roles) for root in roots)
        case Group():
            group = tree.group(part.group)
            if group is None:
                unknown.add(part.group)
                return set()
            return _known(tree, group.members, unknown)
        case Listed():
            return _known(tree, part.units, unknown)


def _roots(tree: UnitTree, where: str, about: About | None, unknown: set[str]) -> set[str]:
    if is_unit(where):
        return _known(tree, (where,), unknown)
    if about is None:
        unknown.add(where)
        return set()
    match Anchor(where):
        case Anchor.PLACE:
            return {about.place}
        case Anchor.VILLAGES:
            return {name for unit in about.named if (name := ancestor_at(unit, Tier.VILLAGE))}
        case Anchor.TOWN:
            return _at(tree, (about.place,), Tier.TOWN)
        case Anchor.TOWNS:
            return _at(tree, about.named, Tier.TOWN)
        case Anchor.DISTRICT:
            return _at(tree, (about.place,), Tier.DISTRICT)
        case Anchor.DISTRICTS:
            return _at(tree, about.named, Tier.DISTRICT)
        case Anchor.CITY:
            return {lineage(about.place)[-1]}


def _at(tree: UnitTree, units: Iterable[str], tier: Tier) -> set[str]:
    """The units' own ancestors of a tier; a unit above it stands for all that it has of the tier."""
    results: set[str] = set()
    for unit in units:
        own = ancestor_at(unit, tier)
        results |= tree.subtree(unit, (tier,)) if own is None else {own}
    return results


def _known(tree: UnitTree, units: Iterable[str], unknown: set[str]) -> set[str]:
    known = {unit for unit in units if unit in tree}
    unknown.update(unit for unit in units if unit not in known)
    return known


def _union(sets: Iterable[set[str]]) -> set[str]:
    return set().union(*sets)
