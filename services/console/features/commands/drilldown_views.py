"""Units and counts one tier below, as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from services.console.core.access import Viewer, sees
from services.console.core.names import Names
from services.console.core.record import Json, Record
from services.console.features.commands import views
from services.console.features.commands.totals import COUNTS
from shared.contracts.units import department_of, lineage, tier_of


def units_view(unit: str, viewer: Viewer, names: Names) -> Json:
    """Return the units below `unit`, and the departments, roles and groups of a selection."""
    tree = names.tree
    groups = (tree.group(name) for name in sorted(tree.groups))
    return {
        **_place(unit, viewer, names),
        "below": [_unit(name, names) for name in tree.directly_below(unit)],
        "departments": sorted(tree.department_names),
        "roles": sorted(tree.role_names),
        "groups": [
            {
                "group": group_entry.group,
                "name": group_entry.name,
                "members": len(group_entry.members),
            }
            for group_entry in groups
            if group_entry is not None
        ],
    }


def below_view(
    unit: str, own: Record | None, counted: Iterable[Record], viewer: Viewer, names: Names
) -> Json:
    """Return the counts of a command per unit below `unit`; unaffected units are left out."""
    return {
        **_place(unit, viewer, names),
        "own": None if own is None else views.assignment(own, viewer, names),
        "below": [
            {**_unit(row["child"], names), **{name: row[name] for name in COUNTS}}
            for row in counted
        ],
    }


def _place(unit: str, viewer: Viewer, names: Names) -> Json:
    way = [name for name in reversed(lineage(unit)) if sees(viewer, name)]
    return {**_unit(unit, names), "way": [_unit(name, names) for name in way]}


def _unit(unit: str, names: Names) -> Json:
    return {
        "unit": unit,
        "name": names.unit(unit),
        "tier": tier_of(unit),
        "department": department_of(unit),
        "synthetic": names.tree.get(unit).synthetic,
    }
