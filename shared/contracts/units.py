"""The grammar of unit ids: tier, parent and containment follow from the id alone.

A division code has twelve digits: province (2), city (2), district (2), town (3), village (3);
the digits below a unit are zeros. `510100000000` is a city, `510104000000` a district,
`510104021000` a town, `510104021001` a village, `510104021001/grid/001` a grid,
`510104021001/grid/001/02` a micro-grid, `510104000000/water` a department of the district (same
tier as its unit).

- A municipality 直辖市 is a city of two digits: `500000000000` above the district `500118000000`.
- A town may stand directly below its city: `441900003000` below `441900000000`, which has no
  districts.
- A county directly below a province (city digits 90: `429004000000`) has the tier of a district
  and no parent. Provinces and the groups of such counties are above all units of an installation:
  a code of theirs has the tier of a city, and nothing lies within it.

Source: GB/T 2260 style codes of the National Bureau of Statistics (docs/sources.md S11); grids are
generated (no public code rule).
"""

from __future__ import annotations

import re
from functools import lru_cache

from shared.contracts.fields import Tier

_UNIT = re.compile(r"[0-9]{12}(/[a-z][a-z_]{0,31}|/grid/[0-9]{3}(/[0-9]{2})?)?")

MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
"""Beijing, Tianjin, Shanghai, Chongqing: provinces that are one city."""
NO_UNIT = "000000000000"
"""In records of an installation without units, and of packs that nobody issues; no division has it.
"""
_NO_CITY = frozenset({"00", "90"})
"""City digits of no city: those of a province, and of counties directly below one."""
_CACHED_UNITS = 65_536
"""The number of units whose answers stay in memory: each record asks for them."""
_HEIGHT = {tier: len(Tier) - place for place, tier in enumerate(Tier)}


def is_unit(text: str) -> bool:
    """Return whether a text is a well-formed unit id (shared.contracts.fields.UnitId)."""
    return _UNIT.fullmatch(text) is not None


def is_above_cities(unit: str) -> bool:
    """Return whether a code is that of a province or of a group of counties: no unit has it."""
    return unit[4:12] == "00000000" and unit[2:4] in _NO_CITY and unit[:2] not in MUNICIPALITIES


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
    city = 2 if code[:2] in MUNICIPALITIES else 4
    return Tier.DISTRICT if code[city:].strip("0") else Tier.CITY


@lru_cache(_CACHED_UNITS)
def parent_of(unit: str) -> str | None:
    """The unit one tier up; a department's parent is its own unit.

    None for a city, and for a unit directly below a province. The parent of a town without a
    district is its city.
    """
    code, _, suffix = unit.partition("/")
    if suffix:
        if suffix.startswith("grid/") and suffix.count("/") == 2:
            return unit.rsplit("/", 1)[0]
        return code
    match tier_of(unit):
        case Tier.VILLAGE:
            parent = code[:9] + "000"
        case Tier.TOWN:
            parent = code[:6] + "000000"
        case Tier.DISTRICT:
            parent = code[:2] if code[:2] in MUNICIPALITIES else code[:4]
            parent = parent.ljust(12, "0")
        case _:
            return None
    return None if is_above_cities(parent) else parent


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
    return root[: _digits(root)]


@lru_cache(_CACHED_UNITS)
def span_of(unit: str) -> tuple[str, str]:
    """Return a unit and its subtree as a range of ids in code-point order: low <= id < high.

    This is `is_within` in a form that an index can use.
    """
    code, _, suffix = unit.partition("/")
    if suffix and not suffix.startswith("grid/"):
        return alone(unit)
    low = unit if suffix else code[: _digits(code)]
    return low, low[:-1] + chr(ord(low[-1]) + 1)


def alone(unit: str) -> tuple[str, str]:
    """Return the range of the unit alone, without its subtree."""
    return unit, unit + "\x01"


def _digits(code: str) -> int:
    """So many digits of a division code are those of the unit; the rest are zeros."""
    match tier_of(code):
        case Tier.CITY if is_above_cities(code):
            return len(code)
        case Tier.CITY:
            return 2 if code[:2] in MUNICIPALITIES else 4
        case Tier.DISTRICT:
            return 6
        case Tier.TOWN:
            return 9
        case _:
            return len(code)


@lru_cache(_CACHED_UNITS)
def ancestor_at(unit: str, tier: Tier) -> str | None:
    """The unit itself or its ancestor of the given tier; None if the unit lies above it, or if no
    unit of the tier stands above it.
    """
    return next((name for name in lineage(unit) if tier_of(name) is tier and _plain(name)), None)


@lru_cache(_CACHED_UNITS)
def nearest_at(unit: str, tier: Tier) -> str | None:
    """The ancestor of the tier, or the next higher one where the lineage has none of the tier.

    For a town directly below its city, the city is in the place of the district. None if the unit
    lies above the tier, or if nothing stands at the tier or above.
    """
    if _HEIGHT[tier_of(unit)] > _HEIGHT[tier]:
        return None
    return next(
        (
            name
            for name in lineage(unit)
            if _plain(name) and _HEIGHT[tier_of(name)] >= _HEIGHT[tier]
        ),
        None,
    )


def department_of(unit: str) -> str | None:
    """The name of a department (`water`), or None for a unit that is none."""
    return None if _plain(unit) else unit.partition("/")[2]


def _plain(unit: str) -> bool:
    return "/" not in unit or "/grid/" in unit
