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
"""Counts of the assignments of a tier.

Each count is a part of `total`; the last two together are `overdue`.
"""


def tiers(rows: Iterable[Record]) -> list[Json]:
    """Return counts per tier from the top down, without tiers that have no assignments."""
    results = {row["unit_tier"]: row for row in rows}
    return [
        {"tier": tier.value, **{name: results[tier.value][name] for name in COUNTS}}
        for tier in Tier
        if tier.value in results
    ]


def sum_by_tier(rows: Iterable[Record]) -> list[Json]:
    """Return counts per tier, summed over commands."""
    jsons: dict[str, Json] = {}
    for row in rows:
        total = jsons.setdefault(
            row["unit_tier"], {"unit_tier": row["unit_tier"], **dict.fromkeys(COUNTS, 0)}
        )
        for name in COUNTS:
            total[name] += row[name]
    return list(jsons.values())


def totals(by_tier: Sequence[Json]) -> Json:
    """Return the counts summed over all tiers."""
    return {name: sum(row[name] for row in by_tier) for name in COUNTS}
