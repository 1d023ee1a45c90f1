"""Counts of assignments per tier, and their sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.console.core.record import Json, Record
from shared.contracts.fields import Tier

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
