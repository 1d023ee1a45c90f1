"""A small catalogue: two districts, towns, villages, a grid, departments, roles, a group."""

from __future__ import annotations

from shared.contracts.catalog import GroupEntry, UnitEntry
from shared.contracts.fields import Tier
from shared.contracts.units import parent_of, tier_of
from shared.domain.selection.tree import UnitTree

CITY, EAST, WEST = "500000000000", "500101000000", "500102000000"
TOWN, TOWN2, FAR = "500101001000", "500101002000", "500102001000"
VILLAGE, VILLAGE2, FAR_VILLAGE = "500101001201", "500101001202", "500102001201"
GRID, CELL = f"{VILLAGE}/grid/001", f"{VILLAGE}/grid/001/01"
WATER, ROADS, FAR_WATER = f"{EAST}/water", f"{EAST}/roads", f"{WEST}/water"
BLOCK, BLOCK2 = f"{TOWN}/safety", f"{TOWN2}/safety"
PLAIN = (CITY, EAST, WEST, TOWN, TOWN2, FAR, VILLAGE, VILLAGE2, FAR_VILLAGE, GRID, CELL)
DEPARTMENTS = (WATER, ROADS, FAR_WATER, BLOCK, BLOCK2)
ROLES = {TOWN: ("riverside",), VILLAGE2: ("riverside", "shelter"), WATER: ("on_call",)}
ALL_TIERS = tuple(Tier)


def a_unit(unit: str, parent: str | None = None) -> UnitEntry:
    """A unit as its id says."""
    return UnitEntry(
        unit=unit,
        tier=tier_of(unit),
        name=f"name of {unit}",
        parent=parent or parent_of(unit),
        roles=ROLES.get(unit, ()),
    )


def a_tree() -> UnitTree:
    """All of the above, and the group `flood` of a department, a town and a far village."""
    tree = UnitTree()
    for unit in (*PLAIN, *DEPARTMENTS):
        tree.put(a_unit(unit))
    tree.put(GroupEntry(group="flood", name="专班", owner=EAST, members=(WATER, TOWN, FAR_VILLAGE)))
    return tree
