"""The topmost unit follows the catalogue, from an empty one on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.contracts.catalog import CatalogEntry, UnitEntry, catalog_key
from shared.contracts.fields import Tier
from shared.contracts.units import NO_UNIT, is_above_cities, is_within, parent_of, tier_of
from shared.domain.top_unit import TopUnit

NOW = datetime(2026, 12, 3, tzinfo=UTC)
CITY, DISTRICT, OTHER_DISTRICT = "510100000000", "510104000000", "510105000000"
TOWN, VILLAGE = "510104021000", "510104021001"


def entry(unit: str) -> CatalogEntry:
    return CatalogEntry(
        id=f"cat-{unit.replace('/', '.')}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=unit,
        tier=tier_of(unit),
        entry=UnitEntry(unit=unit, tier=tier_of(unit), name="单位", parent=parent_of(unit)),
    )


def top_of(*units: str) -> TopUnit:
    top = TopUnit()
    for unit in units:
        top.take(entry(unit))
    return top


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((), NO_UNIT),
        ((VILLAGE, CITY, DISTRICT), CITY),
        ((TOWN, DISTRICT, VILLAGE), DISTRICT),
        ((OTHER_DISTRICT, DISTRICT), DISTRICT),
        (("429004000000", "429004100000"), "429004000000"),
        (("510000000000", TOWN), TOWN),
        ((f"{CITY}/fire", f"{VILLAGE}/grid/001"), NO_UNIT),
    ],
)
def test_the_topmost_unit(units: tuple[str, ...], expected: str) -> None:
    assert top_of(*units).unit == expected


def test_it_follows_later_entries_and_deletions() -> None:
    top = top_of(DISTRICT)
    assert top.unit == DISTRICT
    top.take(entry(CITY))
    assert top.unit == CITY
    top.remove(catalog_key(entry(CITY).entry))
    assert top.unit == DISTRICT
    top.remove("sensor:gauge-1")
    top.remove(f"unit:{DISTRICT}")
    top.remove(f"unit:{DISTRICT}")
    assert top.unit == NO_UNIT


def test_no_unit_is_a_well_formed_unit_above_nothing() -> None:
    assert tier_of(NO_UNIT) is Tier.CITY
    assert parent_of(NO_UNIT) is None
    assert is_above_cities(NO_UNIT)
    assert not is_within(CITY, NO_UNIT)
