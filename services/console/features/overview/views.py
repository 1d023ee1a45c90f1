"""The numbers and the tile map of the first screen, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.console.core.access import span_of
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.alerts import AlertState
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.units import department_of


def alert_counts(counted: Iterable[OutgoingRecord]) -> Json:
    """Return open alerts by issued level, by proposed level before issue, and by state.

    A row stands for `n` alerts of equal state, level and proposed level.
    """
    issued = {level.value: 0 for level in reversed(Level)}
    proposed = dict(issued)
    states: dict[str, int] = {}
    for row in counted:
        states[row["state"]] = states.get(row["state"], 0) + row["n"]
        if row["state"] == AlertState.ISSUED and row["level"]:
            issued[row["level"]] += row["n"]
        elif row["proposed_level"]:
            proposed[row["proposed_level"]] += row["n"]
    return {"issued": issued, "proposed": proposed, "states": states}


def units_below(root: str, names: UnitNames) -> list[str]:
    """Return the units one tier below a unit, without its departments: the tiles of its screen."""
    return [unit for unit in names.tree.directly_below(root) if department_of(unit) is None]


def length_of_parts(below: Sequence[str]) -> int:
    """Return how many characters of a unit name the unit of `below` that holds it.

    Towns directly below a city have more than its districts: `tiles` finds either.
    """
    return max((len(span_of(unit).low) for unit in below), default=0)


def tiles(counted: Iterable[OutgoingRecord], below: Sequence[str], names: UnitNames) -> list[Json]:
    """Return these units, each with its worst issued and worst proposed level.

    A row stands for `n` alerts of equal level and proposed level in the subtree of a unit.
    """
    worst: dict[str, Json] = {
        span_of(unit).low: {
            "unit": unit,
            "name": names.unit(unit),
            "level": None,
            "proposed": None,
            "alerts": 0,
        }
        for unit in below
    }
    lengths = sorted({len(low) for low in worst}, reverse=True)
    for row in counted:
        parts = (row["part"][:length] for length in lengths)
        tile = next((worst[part] for part in parts if part in worst), None)
        if tile is not None:
            tile["alerts"] += row["n"]
            tile["level"] = _worse(tile["level"], row["level"])
            if row["proposed_level"] != row["level"]:
                tile["proposed"] = _worse(tile["proposed"], row["proposed_level"])
    return list(worst.values())


def _worse(first: str | None, second: str | None) -> str | None:
    levels = [Level(level) for level in (first, second) if level is not None]
    return max(levels, key=LEVEL_ORDER.__getitem__).value if levels else None
