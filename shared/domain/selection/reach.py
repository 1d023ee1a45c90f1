"""What a set of recipients is, told in a few words: its digest, its root, its sizes.

Recipients have one order everywhere: that of their ids as text.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable

from shared.contracts.fields import Tier
from shared.contracts.selections import Selection
from shared.contracts.units import department_of, is_within, lineage, tier_of
from shared.domain.selection.resolve import Found, resolve
from shared.domain.selection.tree import UnitTree


def digest_of(units: Iterable[str]) -> str:
    """SHA-256 over the ids in order, one a line: equal exactly when the recipients are the same."""
    return hashlib.sha256("\n".join(sorted(units)).encode()).hexdigest()


def root_of(units: Collection[str]) -> str | None:
    """The lowest unit that holds them all; None for no units, or where nothing holds them."""
    if not units:
        return None
    common = lineage(min(units))
    for unit in units:
        while common and not is_within(unit, common[0]):
            common.pop(0)
    return common[0] if common else None


def free_reach(tree: UnitTree, selection: Selection, issuer: str) -> Found:
    """Recipients of an officer's free command: what is selected, without the issuer itself."""
    result = resolve(tree, selection)
    return Found(result.units - {issuer}, result.unknown)


def outside(units: Iterable[str], issuer: str) -> list[str]:
    """Units that the issuer may not command, in order: those that do not lie within it.

    A unit's own departments do; a group only if each of its members does.
    """
    return sorted(unit for unit in units if not is_within(unit, issuer))


def by_tier(units: Iterable[str]) -> dict[Tier, int]:
    """How many of each tier, from the top; departments count with their unit's tier."""
    counter = Counter(tier_of(unit) for unit in units)
    return {tier: counter[tier] for tier in Tier if tier in counter}


def by_department(units: Iterable[str]) -> dict[str, int]:
    """How many departments of each name, in order of the names."""
    counter = Counter(name for unit in units if (name := department_of(unit)) is not None)
    return dict(sorted(counter.items()))
