"""The grammar of unit ids: tier, parent and containment follow from the id alone.

`500000000000` city, `500118000000` district, `500118118000` town, `500118118201` village,
`500118118201/grid/001` grid, `500118118201/grid/001/02` micro-grid, `500118000000/water` a
department of the district (same tier as its unit). Source: GB/T 2260 style codes of the National
Bureau of Statistics (docs/sources.md S11); grids are generated (no public code rule).
"""

from __future__ import annotations

import re
from functools import lru_cache

from shared.contracts.fields import Tier

_UNIT = re.compile(r"[0-9]{12}(/[a-z][a-z_]{0,31}|/grid/[0-9]{3}(/[0-9]{2})?)?")


_DIGITS = {Tier.CITY: 2, Tier.DISTRICT: 6, Tier.TOWN: 9}
"""So many digits of a division code are those of the unit; the rest are zeros."""
_CACHED_UNITS = 65_536
"""The number of units whose answers stay in memory: each record asks for them."""


def is_unit(text: str) -> bool:
    """Return whether a text is a well-formed unit id (shared.contracts.fields.UnitId)."""
    return _UNIT.fullmatch(text) is not None


@lru_cache(_CACHED_UNITS)
def tier_of(unit: str) -> Tier:
    """The tier of a well-formed unit id; a department has the tier of its unit."""
    code, _, suffix = unit.partition("/")
    if suffix.startswith("grid/"):
        return Tier.MICROGRID if suffix.count("/") == 2 else Tier.GRID
    if not code.endswith("000"):
        return Tier.VILLAGE
    if not code.endswith("000000"):
        return Tier.TOWN
    return Tier.CITY if code.endswith("0000000000") else Tier.DISTRICT


@lru_cache(_CACHED_UNITS)
def parent_of(unit: str) -> str | None:
    """The unit one tier up, or None for a city; a department's parent is its own unit."""
    code, _, suffix = unit.partition("/")
    if suffix:
        if suffix.startswith("grid/") and suffix.count("/") == 2:
            return unit.rsplit("/", 1)[0]
        return code
    match tier_of(unit):
        case Tier.VILLAGE:
            return code[:9] + "000"
        case Tier.TOWN:
            return code[:6] + "000000"
        case Tier.DISTRICT:
            return code[:2] + "0000000000"
        case _:
            return None


def lineage(unit: str) -> list[str]:
    """The unit and all its ancestors, nearest first."""
    results = [unit]
    while (parent := parent_of(results[-1])) is not None:
        results.append(parent)
    return results


def is_within(unit: str, root: str) -> bool:
    """Return whether `unit` is `root` or lies below it, that is, `root` is in the lineage of
    `unit`.
    """
    return unit == root or unit.startswith(_beginning(root))


@lru_cache(_CACHED_UNITS)
def _beginning(root: str) -> str:
    """The prefix that the ids of all units below `root` have, and no other id."""
    _, _, suffix = root.partition("/")
    if suffix and not suffix.startswith("grid/"):
        return "\0"  # nothing lies below a department, not even below one that is called grid
    if suffix or not is_unit(root):
        return f"{root}/"
    return root[: _DIGITS.get(tier_of(root), len(root))]


@lru_cache(_CACHED_UNITS)
def ancestor_at(unit: str, tier: Tier) -> str | None:
    """The unit itself or its ancestor of the given tier; None if the unit lies above it."""
    return next((name for name in lineage(unit) if tier_of(name) is tier and _plain(name)), None)


def department_of(unit: str) -> str | None:
    """The name of a department (`water`), or None for a unit that is none."""
    return None if _plain(unit) else unit.partition("/")[2]


def _plain(unit: str) -> bool:
    return "/" not in unit or "/grid/" in unit
