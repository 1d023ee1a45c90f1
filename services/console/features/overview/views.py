"""The numbers and the tile map of the first screen, as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from services.console.core.names import Names
from services.console.core.record import Json, Record
from shared.contracts.alerts import AlertState
from shared.contracts.fields import LEVEL_ORDER, Level, Tier

_TOWN_DIGITS = 9


def alert_counts(counted: Iterable[Record]) -> Json:
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


def tiles(counted: Iterable[Record], root: str, names: Names) -> list[Json]:
    """Return the towns of a subtree, each with its worst issued and worst proposed level.

    A row stands for `n` alerts of equal level and proposed level in a town (the first nine digits).
    """
    worst: dict[str, Json] = {
        town[:_TOWN_DIGITS]: {
            "unit": town,
            "name": names.unit(town),
            "level": None,
            "proposed": None,
            "alerts": 0,
        }
        for town in names.within(root, [Tier.TOWN])
    }
    for row in counted:
        tile = worst.get(row["town"])
        if tile is not None:
            tile["alerts"] += row["n"]
            tile["level"] = _worse(tile["level"], row["level"])
            if row["proposed_level"] != row["level"]:
                tile["proposed"] = _worse(tile["proposed"], row["proposed_level"])
    return list(worst.values())


def _worse(first: str | None, second: str | None) -> str | None:
    levels = [Level(level) for level in (first, second) if level is not None]
    return max(levels, key=LEVEL_ORDER.__getitem__).value if levels else None
