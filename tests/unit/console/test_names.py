"""Units by words of their names: the kept names follow the catalogue."""

from __future__ import annotations

import pytest

from services.console.core.names import UnitNames
from shared.contracts.catalog import CatalogEntry, UnitEntry
from shared.contracts.fields import Tier
from tests.support.console_events import CITY, DISTRICT, NOW, ZHUTUO
from tests.support.console_harness import with_catalogue


def a_town(unit: str, name: str) -> CatalogEntry:
    entry = UnitEntry(unit=unit, tier=Tier.TOWN, name=name, parent=DISTRICT)
    return CatalogEntry(
        id=f"cat-{unit}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=CITY,
        tier=Tier.CITY,
        entry=entry,
    )


@pytest.fixture
def names() -> UnitNames:
    return with_catalogue(UnitNames())


def scanned(names: UnitNames, words: str, root: str) -> list[str]:
    """Return the units by a walk of the whole tree."""
    tiers = (Tier.CITY, Tier.DISTRICT, Tier.TOWN, Tier.VILLAGE)
    return [unit for unit in names.within(root, tiers) if words in names.unit(unit)][:100]


@pytest.mark.parametrize("root", [CITY, DISTRICT, ZHUTUO])
@pytest.mark.parametrize("words", ["朱沱", "镇", "村", "重庆", "nowhere"])
def test_named_units_equal_a_walk(names: UnitNames, words: str, root: str) -> None:
    for _ in range(2):
        assert names.units_named(words, root) == scanned(names, words, root)


def test_kept_names_follow_a_change_of_the_catalogue(names: UnitNames) -> None:
    assert names.units_named("新镇", DISTRICT) == []
    names.apply(a_town("500118199000", "新镇"))
    assert names.units_named("新镇", DISTRICT) == ["500118199000"]
    names.apply(a_town("500118199000", "老镇"))
    assert names.units_named("新镇", CITY) == []
    assert names.units_named("老镇", CITY) == ["500118199000"]
    names.remove("unit:500118199000")
    assert names.units_named("老镇", CITY) == []
