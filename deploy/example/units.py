"""The unit tree: real city, districts, towns and villages; generated grids and micro-grids."""

import csv
from functools import cache
from pathlib import Path

from shared.contracts.catalog import UnitEntry
from shared.contracts.fields import Tier
from shared.contracts.units import parent_of, tier_of

CITY = "500000000000"
DISTRICT = "500118000000"
OFFICE = "永川区数字化城市运行和治理中心 ‖ Yongchuan District Operation and Governance Centre"
"""The office of the example; people who sign in read its name."""
FOLDER = Path(__file__).parent
MICROGRIDS_PER_GRID = 5
RIVERSIDE = ("500118107000", "500118118000")
"""松溉 and 朱沱, Yongchuan's towns on the Yangtze: role `riverside`."""


@cache
def divisions() -> tuple[UnitEntry, ...]:
    """Return real units: the city, Yongchuan with towns and villages, districts of gauges."""
    results = []
    for name in ("yongchuan_divisions.csv", "gauge_districts.csv"):
        with (FOLDER / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                code = row["code12"]
                results.append(
                    UnitEntry(
                        unit=code,
                        tier=tier_of(code),
                        name=row["name"],
                        parent=parent_of(code),
                        roles=("riverside",) if code in RIVERSIDE else (),
                    )
                )
    return tuple(results)


@cache
def all_units() -> tuple[UnitEntry, ...]:
    """Return divisions, then 5 or 6 grids per village of Yongchuan and 5 micro-grids per grid."""
    unit_entries = list(divisions())
    for number, village in enumerate(of_tier(Tier.VILLAGE)):
        for grid in range(1, 6 if number % 2 else 7):
            unit_entries += _grid(village, grid)
    return tuple(unit_entries)


def of_tier(tier: Tier, root: str = DISTRICT) -> tuple[UnitEntry, ...]:
    """Real units of a tier within `root`, by code."""
    prefix = root.rstrip("0")
    return tuple(
        division
        for division in divisions()
        if division.tier is tier and division.unit.startswith(prefix)
    )


def _grid(village: UnitEntry, number: int) -> list[UnitEntry]:
    unit = f"{village.unit}/grid/{number:03}"
    short = village.name.removesuffix("村民委员会").removesuffix("居民委员会")
    name = f"{short}第{number}网格"
    grid = UnitEntry(unit=unit, tier=Tier.GRID, name=name, parent=village.unit, synthetic=True)
    return [grid] + [
        UnitEntry(
            unit=f"{unit}/{part:02}",
            tier=Tier.MICROGRID,
            name=f"{name}{part}号微网格",
            parent=unit,
            synthetic=True,
        )
        for part in range(1, MICROGRIDS_PER_GRID + 1)
    ]
