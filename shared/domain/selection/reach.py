"""Summaries of a set of recipients: digest, root, numbers by tier and by department.

Recipients are ordered by their ids as text everywhere.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shared.contracts.fields import Tier
from shared.contracts.selections import Selection
from shared.contracts.units import department_of, is_within, lineage, tier_of
from shared.domain.selection.resolve import resolve
from shared.domain.selection.tree import UnitTree


def digest_of(units: Iterable[str]) -> str:
    """Return SHA-256 over the ids in order, one a line: equal for equal recipients only."""
    return hashlib.sha256("\n".join(sorted(units)).encode()).hexdigest()


def root_of(units: Collection[str]) -> str | None:
    """Return the lowest unit above all units; None without units or without such a unit."""
    if not units:
        return None
    common = lineage(min(units))
    for unit in units:
        while common and not is_within(unit, common[0]):
            common.pop(0)
    return common[0] if common else None


@dataclass(frozen=True, slots=True)
class FreeReach:
    """The recipients of an officer's free command; a unit that leads does not assist as well.

    `unknown` are the names that the catalogue does not have.
    """

    leads: frozenset[str]
    assists: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()

    @property
    def units(self) -> frozenset[str]:
        """All recipients."""
        return self.leads | self.assists


def free_reach(
    tree: UnitTree, selection: Selection, issuer: str, assist: Selection | None = None
) -> FreeReach:
    """Return the recipients of an officer's free command: the selections without the issuer."""
    leads = resolve(tree, selection)
    if assist is None:
        return FreeReach(leads.units - {issuer}, frozenset(), leads.unknown)
    assists = resolve(tree, assist)
    return FreeReach(
        leads.units - {issuer},
        assists.units - leads.units - {issuer},
        tuple(dict.fromkeys((*leads.unknown, *assists.unknown))),
    )


def outside(units: Iterable[str], issuer: str) -> list[str]:
    """Return the units outside the issuer, in order: the issuer may not command them.

    The departments of a unit lie within the unit; a group does if each member does.
    """
    return sorted(unit for unit in units if not is_within(unit, issuer))


def by_tier(units: Iterable[str]) -> dict[Tier, int]:
    """Return the number of units by tier, from the top; a department has the tier of its unit."""
    counter = Counter(tier_of(unit) for unit in units)
    return {tier: counter[tier] for tier in Tier if tier in counter}


def by_department(units: Iterable[str]) -> dict[str, int]:
    """Return the number of departments by name, in the order of names."""
    counter = Counter(name for unit in units if (name := department_of(unit)) is not None)
    return dict(sorted(counter.items()))
