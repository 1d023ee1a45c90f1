"""The numbers and the tile map of one screen, shaped from counted rows. Statuses never meet here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.console.core.names import Names
from services.console.core.record import Record
from shared.contracts.alerts import AlertState
from shared.contracts.fields import LEVEL_ORDER, Level, Tier

Json = dict[str, Any]

_TOWN_DIGITS = 9

COUNTS = (
    "total",
    "signed",
    "reported",
    "done",
    "returned",
    "overdue",
    "overdue_unsigned",
    "overdue_unreported",
)
"""What is counted of the assignments of a tier; each is a part of `total`, and the last two together are
those that are overdue."""


def alert_counts(counted: Iterable[Record]) -> Json:
    """Open alerts by issued level, by proposed level where none is issued yet, and by state.

    A row stands for `n` alerts of one state, level and proposed level.
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


def tiers(rows: Iterable[Record]) -> list[Json]:
    """Counts per tier from the top tier down, tiers without assignments left out."""
    results = {row["unit_tier"]: row for row in rows}
    return [
        {"tier": tier.value, **{name: results[tier.value][name] for name in COUNTS}}
        for tier in Tier
        if tier.value in results
    ]


def sum_by_tier(rows: Iterable[Record]) -> list[Json]:
    """Counts per command and tier added up over commands."""
    jsons: dict[str, Json] = {}
    for row in rows:
        total = jsons.setdefault(
            row["unit_tier"], {"unit_tier": row["unit_tier"], **dict.fromkeys(COUNTS, 0)}
        )
        for name in COUNTS:
            total[name] += row[name]
    return list(jsons.values())


def totals(by_tier: Sequence[Json]) -> Json:
    """The same counts over all tiers."""
    return {name: sum(row[name] for row in by_tier) for name in COUNTS}


def tiles(counted: Iterable[Record], root: str, names: Names) -> list[Json]:
    """The towns of a subtree, each with its worst issued and worst proposed level.

    A row stands for `n` alerts of one level and proposed level that concern a town (its first nine digits).
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


def _worse(text: str | None, other: str | None) -> str | None:
    levels = [Level(level) for level in (text, other) if level is not None]
    return max(levels, key=LEVEL_ORDER.__getitem__).value if levels else None
