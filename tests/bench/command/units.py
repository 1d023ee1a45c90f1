"""A generated city of 75,000 units below it: the recipients of the benchmark's commands.

Codes follow the grammar of shared/contracts/units.py, names and grids are generated. Districts are
filled to a given size, so that a command to one of them has a known number of recipients.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from shared.contracts.catalog import UnitEntry
from shared.contracts.units import parent_of, tier_of

CITY = "500000000000"
RED_DISTRICT = "500118000000"
"""The size of Yongchuan in docs/architecture: district, towns, villages, grids, micro-grids."""
LARGE_DISTRICT = "500119000000"
SMALL_TOWN = "500120001000"
RED, LARGE, SMALL, CITY_SIZE = 9_100, 10_000, 100, 75_000
_TOWNS, _VILLAGES = 25, 12
"""Towns of a district; villages of a town."""


@cache
def city() -> tuple[UnitEntry, ...]:
    """The city itself and exactly 75,000 units below it."""
    results = [CITY, *_district("500118", RED), *_district("500119", LARGE), *_small_town()]
    number = 121
    while (shortfall := CITY_SIZE + 1 - len(results)) > 0:
        results += _district(f"500{number}", min(shortfall, 1_700))
        number += 1
    return tuple(
        UnitEntry(
            unit=result,
            tier=tier_of(result),
            name=result,
            parent=parent_of(result),
            synthetic="/grid/" in result,
        )
        for result in results
    )


def _district(code: str, size: int) -> list[str]:
    """A district and what is below it, `size` units in all."""
    results: list[str] = []
    for unit in _endless(code):
        if len(results) == size:
            break
        results.append(unit)
    return results


def _endless(code: str) -> Iterator[str]:
    yield f"{code}000000"
    towns = [f"{code}{town:03d}" for town in range(1, _TOWNS + 1)]
    villages = [f"{town}{200 + village}" for town in towns for village in range(_VILLAGES)]
    yield from (f"{town}000" for town in towns)
    yield from villages
    for grid in range(1, 1_000):
        for village in villages:
            yield f"{village}/grid/{grid:03d}"
        for village in villages:
            yield from (f"{village}/grid/{grid:03d}/{microgrid:02d}" for microgrid in range(1, 6))


def _small_town() -> list[str]:
    """A district of one town of a hundred units, the town itself among them."""
    village = "500120001200"
    grids = [f"{village}/grid/{grid:03d}" for grid in range(1, SMALL - 1)]
    return ["500120000000", SMALL_TOWN, village, *grids]
